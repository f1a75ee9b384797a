import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import type { ReadRecord } from '../../edge/cli/demo/kcat-reader.ts';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { accountOf } from '../integration/harness/log-account.ts';
import type { LogAccount } from '../integration/harness/log-account.ts';
import { Qos2Publisher } from '../integration/harness/qos2-publisher.ts';
import { agedAccountOf } from './aged-account.ts';
import { topics } from './power-config.ts';
import type { Promised, SessionState } from './promised.ts';
import { resumeProducer } from './sequenced-producer.ts';

export interface PowerVerdict {
  /** What was promised and does not hold; empty is what it has to be. */
  readonly faults: readonly string[];
  /** Records read back. */
  readonly records: number;
  /** Readings that had to be there. */
  readonly required: number;
  readonly startMs: number;
  /** Ranges that the node reports as damaged: after a power cut only bytes nobody was promised. */
  readonly damages: number;
}

const readMsMax = 30_000;
const shownMax = 3;

/**
 * Starts the node on what a power cut left and holds it to what was promised: the clients go on as
 * their standards say, then everything is read back by a Kafka client that is not ours. The node is
 * left running. `promised` grows by what the clients finished.
 */
export const checkAfterCut = async (
  node: NodeProcess,
  promised: Promised,
): Promise<PowerVerdict> => {
  const begin = performance.now();
  const printed = outputOf(node).length;
  await node.start();
  const startMs = performance.now() - begin;
  const faults = [
    ...(await epochFaults(node, promised)),
    ...(await Promise.all(promised.sessions.map((state) => goOn(node, state, promised)))).flat(),
    ...(await resumeProducers(node, promised)),
  ];
  const { bootstrap } = node;
  const [kept, aged] = await Promise.all(
    [topics.kept, topics.aged].map((topic) =>
      readAllWithKcat({ bootstrap, topic, msMax: readMsMax }),
    ),
  );
  if (kept === undefined || aged === undefined) throw new Error('nothing was read');
  const account = accountOf(kept, promised.kept.required, promised.kept.allowed);
  faults.push(
    ...accountFaults(topics.kept, account),
    ...accountFaults(topics.aged, agedAccountOf(aged, promised.aged)),
    ...offsetFaults(kept, promised.offsets),
  );
  // Retention of 64 KiB leaves far more than ten readings of 300 bytes.
  if (promised.aged.required.size > 1_000 && aged.length < 10) {
    faults.push(`${topics.aged}: only ${aged.length} readings are left`);
  }
  const output = node.output().slice(printed);
  if (/\n\s+at /.test(output)) faults.push(`a stack trace: ${output.slice(-2_000)}`);
  const damages = output.split('"text":"Stored bytes are damaged').length - 1;
  const records = kept.length + aged.length;
  return { faults, records, required: promised.kept.required.size, startMs, damages };
};

const outputOf = (node: NodeProcess): string => {
  try {
    return node.output();
  } catch {
    return '';
  }
};

/** C1: no leader epoch of an earlier start again. */
const epochFaults = async (node: NodeProcess, { epochs }: Promised): Promise<string[]> => {
  const { partitions } = await node.status();
  const now = new Map(partitions.map((p) => [`${p.topic}-${p.partition}`, p.leaderEpoch]));
  return [...epochs]
    .filter(([name, told]) => (now.get(name) ?? -1) <= told)
    .map(([name, told]) => `${name}: leader epoch ${now.get(name)} after ${told}`);
};

const goOn = async (
  node: NodeProcess,
  state: SessionState,
  promised: Promised,
): Promise<string[]> => {
  const client = new Qos2Publisher({ port: node.ports.mqtt, clientId: state.clientId });
  client.readings.push(
    ...Array.from({ length: state.readings }, (_, index) => `${state.clientId}-${index}`),
  );
  client.debt = state.debt;
  client.mayBeReleased = state.mayBeReleased;
  const isOpen = state.debt === 'release' && !state.mayBeReleased;
  try {
    const isPresent = await client.connect();
    const faults = isOpen && !isPresent ? [`${state.clientId}: its open identifier is gone`] : [];
    await client.resume();
    await client.handOver();
    for (const reading of client.readings) {
      promised.kept.required.add(reading);
      promised.kept.allowed.add(reading);
    }
    return faults;
  } catch (error) {
    return [`${state.clientId} (${state.debt}): ${String(error)}`];
  } finally {
    client.destroy();
  }
};

const resumeProducers = async (node: NodeProcess, promised: Promised): Promise<string[]> => {
  const faults: string[] = [];
  for (const state of promised.producers) {
    try {
      for (const value of await resumeProducer(node.ports.kafka, topics.kept, state)) {
        promised.kept.required.add(value);
        promised.kept.allowed.add(value);
      }
    } catch (error) {
      faults.push(`${state.name}: ${String(error)}`);
    }
  }
  return faults;
};

const accountFaults = (topic: string, account: LogAccount): string[] => {
  const { lost, foreign, duplicates, misordered, offsetsFallen } = account;
  const lists = { lost, foreign, duplicates, misordered };
  const faults = Object.entries(lists)
    .filter(([, list]) => list.length > 0)
    .map(
      ([what, list]) => `${topic}: ${list.length} ${what}: ${list.slice(0, shownMax).join(' ')}`,
    );
  if (offsetsFallen > 0) faults.push(`${topic}: offsets fell ${offsetsFallen} times`);
  return faults;
};

/** An offset names one record for ever. */
const offsetFaults = (log: readonly ReadRecord[], told: ReadonlyMap<string, number>): string[] => {
  const moved = log
    .filter(({ partition }) => partition === 0)
    .filter(({ value, offset }) => (told.get((value ?? '').toString()) ?? offset) !== offset)
    .map(({ value, offset }) => `${(value ?? '').toString()} is at ${offset}`);
  return moved.length === 0
    ? []
    : [`${moved.length} offsets moved: ${moved.slice(0, shownMax).join(' ')}`];
};
