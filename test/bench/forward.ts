import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchKafka } from '../../edge/cli/demo/kafka-launcher.ts';
import type { KafkaBroker } from '../../edge/cli/demo/kafka-launcher.ts';
import type { Figure } from './figure.ts';
import { drainOnce } from './forward-drain.ts';
import type { Drain, DrainOptions } from './forward-drain.ts';
import { runPerfTest } from './producer-perf-test.ts';
import type { PerfTest } from './producer-perf-test.ts';
import { median } from './statistics.ts';

export interface ForwardOptions {
  readonly folder: string;
  readonly runs: number;
  readonly records: number;
  readonly recordBytes: number;
  readonly partitions: number;
  /** Names of cases; empty: all of them. */
  readonly cases: readonly string[];
  readonly say: (text: string) => void;
}

type Case = Pick<DrainOptions, 'batchBytes' | 'compression' | 'incomingPerSecond'>;

const batchBytes = 16_384;
/** Batches of a few records, as lone readings leave them: the forwarder puts them together. */
const smallBatchBytes = 1_024;

const cases: Readonly<Record<string, Case>> = {
  forward: { batchBytes, compression: 'none', incomingPerSecond: 0 },
  forwardRebuild: { batchBytes: smallBatchBytes, compression: 'none', incomingPerSecond: 0 },
  forwardRebuildGzip: { batchBytes: smallBatchBytes, compression: 'gzip', incomingPerSecond: 0 },
  forwardCatchUp: { batchBytes, compression: 'none', incomingPerSecond: 5_000 },
};

/**
 * How fast a node's forwarder drains a prefilled log into a real Kafka, and what CPU that takes,
 * beside Kafka's own fastest producer at the same broker. All cases use the same broker.
 */
export async function* measureForward(options: ForwardOptions): AsyncGenerator<Figure> {
  const wanted = options.cases.length > 0 ? options.cases : Object.keys(cases);
  const unknown = wanted.find((name) => !(name in cases));
  if (unknown !== undefined) {
    throw new Error(`no case ${unknown}; there are ${Object.keys(cases).join(', ')}`);
  }
  const brokerFolder = join(options.folder, 'central');
  mkdirSync(brokerFolder);
  options.say('forward: starting Kafka');
  const launched = await launchKafka({ folder: brokerFolder, machine: 'fast' });
  if (!launched.ok) throw new Error(`no Apache Kafka: ${launched.error.text}`);
  const central = launched.value;
  try {
    for (const name of wanted) yield await measureCase(central, options, name);
  } finally {
    await central.stop();
  }
}

const measureCase = async (
  central: KafkaBroker,
  options: ForwardOptions,
  name: string,
): Promise<Figure> => {
  const shape = cases[name] as Case;
  const drains: Drain[] = [];
  const baseline: PerfTest[] = [];
  for (let run = 0; run < options.runs; run += 1) {
    options.say(`${name}: Kafka's own producer, run ${run + 1} of ${options.runs}`);
    const topic = `${name}-baseline-${run}`;
    await central.createTopics([{ name: topic, partitions: options.partitions }]);
    baseline.push(await runPerfTest(central, central.bootstrap, { ...options, batchBytes, topic }));
    options.say(`${name}: prefilling and draining a node, run ${run + 1} of ${options.runs}`);
    drains.push(await drainOnce(central, { ...options, ...shape, name: `${name}-${run}` }));
  }
  return figureOf(options, name, drains, baseline);
};

const figureOf = (
  { records, recordBytes, partitions }: ForwardOptions,
  name: string,
  drains: readonly Drain[],
  baseline: readonly PerfTest[],
): Figure => {
  const wrong = drains.find((drain) => drain.atCentral !== drain.records);
  const runs = drains.map(({ perSecond }) => perSecond);
  const medianOf = (pick: (drain: Drain) => number): number => median(drains.map(pick));
  const producer = median(baseline.map(({ perSecond }) => perSecond));
  return {
    figure: name,
    value: median(runs),
    unit: 'records/s',
    runs,
    ...(wrong === undefined
      ? {}
      : { void: `central had ${wrong.atCentral} records instead of ${wrong.records}` }),
    baselines: {
      kafkaProducerPerfTest: producer,
      kafkaProducerBestWindow: median(baseline.map(({ bestWindow }) => bestWindow)),
    },
    details: {
      ...{ records, recordBytes, partitions, baselineBatchBytes: batchBytes, ...cases[name] },
      shareOfProducer: Math.round((median(runs) / producer) * 100) / 100,
      steadyPerSecond: medianOf(({ steadyPerSecond }) => steadyPerSecond),
      seconds: medianOf(({ seconds }) => seconds),
      nodeCpuSecondsPerMillion: medianOf(({ nodeCpu }) => nodeCpu),
      forwarderCpuSecondsPerMillion: medianOf(({ forwarderCpu }) => forwarderCpu),
      forwarderMebibytes: medianOf(({ forwarderMebibytes }) => forwarderMebibytes),
    },
  };
};
