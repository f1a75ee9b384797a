import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launchKafka } from '../../edge/cli/demo/kafka-launcher.ts';
import type { KafkaBroker } from '../../edge/cli/demo/kafka-launcher.ts';
import { readWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import type { Figure } from './figure.ts';
import { median } from './statistics.ts';

export interface ForwardOptions {
  readonly folder: string;
  readonly runs: number;
  readonly records: number;
  readonly recordBytes: number;
  readonly partitions: number;
  readonly say: (text: string) => void;
}

const batchBytes = 16_384;
const drainMsMax = 600_000;
const topic = 'sensors';

/**
 * How fast a node's forwarder drains a prefilled log into a real Kafka, beside Kafka's own fastest
 * producer there.
 */
export const measureForward = async (options: ForwardOptions): Promise<Figure> => {
  const brokerFolder = join(options.folder, 'central');
  mkdirSync(brokerFolder);
  options.say('forward: starting Kafka');
  const launched = await launchKafka({ folder: brokerFolder, machine: 'fast' });
  if (!launched.ok) throw new Error(`no Apache Kafka: ${launched.error.text}`);
  const central = launched.value;
  const drains: Drain[] = [];
  const baseline: PerfTest[] = [];
  try {
    for (let run = 0; run < options.runs; run += 1) {
      options.say(`forward: Kafka's own producer, run ${run + 1} of ${options.runs}`);
      baseline.push(await perfTest(central, options, `baseline-${run}`));
      options.say(`forward: prefilling and draining a node, run ${run + 1} of ${options.runs}`);
      drains.push(await drainOnce(central, options, run));
    }
  } finally {
    await central.stop();
  }
  return figureOf(options, drains, baseline);
};

interface Drain {
  /** From the node being ready to the last record being at central. */
  readonly perSecond: number;
  /** From the first forwarded record. */
  readonly steadyPerSecond: number;
  /** What a read_committed reader found. */
  readonly atCentral: number;
}

const figureOf = (options: ForwardOptions, drains: Drain[], baseline: PerfTest[]): Figure => {
  const { records, recordBytes, partitions } = options;
  const wrong = drains.find(({ atCentral }) => atCentral !== records);
  const runs = drains.map(({ perSecond }) => perSecond);
  return {
    figure: 'forward',
    value: median(runs),
    unit: 'records/s',
    runs,
    ...(wrong === undefined
      ? {}
      : { void: `central had ${wrong.atCentral} records instead of ${records}` }),
    baselines: {
      kafkaProducerPerfTest: median(baseline.map(({ perSecond }) => perSecond)),
      kafkaProducerBestWindow: median(baseline.map(({ bestWindow }) => bestWindow)),
    },
    details: {
      records,
      recordBytes,
      partitions,
      batchBytes,
      steadyPerSecond: median(drains.map(({ steadyPerSecond }) => steadyPerSecond)),
    },
  };
};

/** What Kafka's load producer says of itself, in records per second. */
interface PerfTest {
  /** Over all, the warming up of its JVM included. */
  readonly perSecond: number;
  /** The best of its windows of 5 s: what it does when warm. */
  readonly bestWindow: number;
}

/** Kafka's own load producer, idempotent with acks=all, into a new topic. */
const perfTest = async (
  central: KafkaBroker,
  options: ForwardOptions,
  name: string,
): Promise<PerfTest> => {
  await central.createTopics([{ name, partitions: options.partitions }]);
  return runPerfTest(central, central.bootstrap, name, options);
};

const runPerfTest = async (
  tools: KafkaBroker,
  bootstrap: string,
  name: string,
  options: ForwardOptions,
): Promise<PerfTest> => {
  const properties = [
    `bootstrap.servers=${bootstrap}`,
    'acks=all',
    'enable.idempotence=true',
    'linger.ms=5',
    `batch.size=${batchBytes}`,
    'compression.type=none',
  ];
  const run = await tools.runTool(
    'org.apache.kafka.tools.ProducerPerformance',
    [
      ...['--topic', name],
      ...['--num-records', `${options.records}`],
      ...['--record-size', `${options.recordBytes}`],
      ...['--throughput', '-1'],
      ...['--producer-props', ...properties],
    ],
    { timeoutMs: drainMsMax, machine: 'fast' },
  );
  const lines = run.stdout.trimEnd().split('\n');
  const rates = lines.map((line) => /^(\d+) records sent, ([\d.]+) records\/sec/.exec(line));
  const summary = rates.at(-1);
  if (run.code !== 0 || Number(summary?.[1]) !== options.records) {
    const said = `${lines.at(-1) ?? ''}\n${run.stderr.slice(-1_000)}`;
    throw new Error(`the producer did not send everything: ${said}`);
  }
  return {
    perSecond: Math.round(Number(summary?.[2])),
    bestWindow: Math.round(Math.max(...rates.map((rate) => Number(rate?.[2] ?? 0)))),
  };
};

const drainOnce = async (
  central: KafkaBroker,
  options: ForwardOptions,
  run: number,
): Promise<Drain> => {
  const { records, partitions } = options;
  const target = `drained-${run}`;
  const cursorTopic = `cursors-${run}`;
  await central.createTopics([
    { name: target, partitions },
    { name: cursorTopic, partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  ]);
  const folder = join(options.folder, `node-${run}`);
  mkdirSync(folder);
  const topics: NodeConfig['topics'] = [{ name: topic, partitions }];
  const node = await prepareNode({ folder, config: { topics } });
  try {
    await node.start();
    await runPerfTest(central, node.bootstrap, topic, options);
    await node.stop();
    const bootstrap = [central.bootstrap];
    node.configure({
      topics,
      forward: { central: { bootstrap }, cursorTopic, routes: [{ from: topic, to: target }] },
    });
    await node.start();
    const drained = await timeDrain(node, records);
    return { ...drained, atCentral: await countRecords(central.bootstrap, target) };
  } finally {
    if (node.isRunning) await node.stop();
  }
};

const timeDrain = async (node: NodeProcess, records: number): Promise<Omit<Drain, 'atCentral'>> => {
  const readyMs = performance.now();
  let firstMs: number | undefined;
  for (;;) {
    const { partitions, forward } = await node.status();
    const nowMs = performance.now();
    const ends = partitions.filter((partition) => partition.topic === topic);
    const offsetOf = (partition: number): number =>
      forward.find((entry) => entry.topic === topic && entry.partition === partition)
        ?.forwardOffset ?? 0;
    if (ends.some(({ partition }) => offsetOf(partition) > 1)) firstMs ??= nowMs;
    // The last offset of a partition is this start's LeaderChange, which is never forwarded.
    if (ends.every(({ partition, highWatermark }) => offsetOf(partition) >= highWatermark - 1)) {
      const perSecond = (fromMs: number): number =>
        Math.round((records * 1_000) / (nowMs - fromMs));
      return { perSecond: perSecond(readyMs), steadyPerSecond: perSecond(firstMs ?? readyMs) };
    }
    const stuck = forward.find(({ state }) => state === 'stopped' || state === 'blocked');
    if (stuck !== undefined) throw new Error(`forwarding is ${stuck.state}: ${stuck.lastError}`);
    if (nowMs - readyMs > drainMsMax) throw new Error('the log did not drain in 10 minutes');
    await delay(20);
  }
};

const countRecords = async (bootstrap: string, name: string): Promise<number> => {
  let count = 0;
  await readWithKcat({ bootstrap, topic: name, msMax: drainMsMax }, () => (count += 1));
  return count;
};
