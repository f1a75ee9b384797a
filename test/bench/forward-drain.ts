import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaBroker } from '../../edge/cli/demo/kafka-launcher.ts';
import { readWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { childPids, residentBytes } from '../integration/harness/child-pids.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { CpuMeter } from './process-cost.ts';
import { runPerfTest } from './producer-perf-test.ts';
import { SteadySensors } from './steady-sensors.ts';

export interface DrainOptions {
  readonly folder: string;
  /** Of topics at central, and of the node's folder. */
  readonly name: string;
  readonly records: number;
  readonly recordBytes: number;
  readonly partitions: number;
  /** Of the batches that the log is filled with. */
  readonly batchBytes: number;
  readonly compression: 'none' | 'gzip';
  /** What sensors publish over MQTT meanwhile, a second. */
  readonly incomingPerSecond: number;
}

export interface Drain {
  /** From the node being ready to the last record being at central. */
  readonly perSecond: number;
  /** From the first forwarded record. */
  readonly steadyPerSecond: number;
  readonly seconds: number;
  /** What the log held, incoming ones included. */
  readonly records: number;
  /** What a read_committed reader found. */
  readonly atCentral: number;
  /** CPU seconds per million records. */
  readonly nodeCpu: number;
  readonly forwarderCpu: number;
  readonly forwarderMebibytes: number;
}

const topic = 'sensors';
const drainMsMax = 600_000;

/** Fills the log of a new node, and drains it into central exactly once. */
export const drainOnce = async (central: KafkaBroker, options: DrainOptions): Promise<Drain> => {
  const { name, partitions } = options;
  const cursorTopic = `cursors-${name}`;
  await central.createTopics([
    { name, partitions },
    { name: cursorTopic, partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  ]);
  const folder = join(options.folder, `node-${name}`);
  mkdirSync(folder);
  const topics: NodeConfig['topics'] = [{ name: topic, partitions }];
  const node = await prepareNode({ folder, config: { topics } });
  try {
    await node.start();
    await runPerfTest(central, node.bootstrap, { ...options, topic });
    await node.stop();
    node.configure({
      topics,
      forward: {
        central: { bootstrap: [central.bootstrap] },
        cursorTopic,
        compression: options.compression,
        routes: [{ from: topic, to: name }],
      },
    });
    await node.start();
    const drained = await timeDrain(node, options);
    return { ...drained, atCentral: await countRecords(central.bootstrap, name) };
  } finally {
    if (node.isRunning) await node.stop();
  }
};

const timeDrain = async (
  node: NodeProcess,
  options: DrainOptions,
): Promise<Omit<Drain, 'atCentral'>> => {
  const readyMs = performance.now();
  const forwarder = await forwarderOf(node);
  const meter = new CpuMeter({ node: node.pid, forwarder });
  const incoming = startIncoming(node, options);
  let firstMs: number | undefined;
  let isStopped = false;
  for (;;) {
    const { lag, isBegun, end } = await progressOf(node);
    const nowMs = performance.now();
    if (isBegun) firstMs ??= nowMs;
    // Caught up: what is left came in within the linger and the status interval.
    if (!isStopped && lag <= 2.5 * options.incomingPerSecond) {
      isStopped = true;
      await incoming.stop();
    }
    if (isStopped && lag === 0) {
      const records = options.records + incoming.published();
      if (end < records) throw new Error(`the log holds ${end} offsets for ${records} records`);
      return figuresOf({ records, readyMs, firstMs: firstMs ?? readyMs, nowMs }, meter, forwarder);
    }
    if (nowMs - readyMs > drainMsMax) throw new Error('the log did not drain in 10 minutes');
    await delay(50);
  }
};

const figuresOf = (
  times: {
    readonly records: number;
    readonly readyMs: number;
    readonly firstMs: number;
    readonly nowMs: number;
  },
  meter: CpuMeter,
  forwarder: number,
): Omit<Drain, 'atCentral'> => {
  const { records, readyMs, firstMs, nowMs } = times;
  const perSecond = (fromMs: number): number => Math.round((records * 1_000) / (nowMs - fromMs));
  const cpu = meter.seconds();
  const perMillion = (seconds = 0): number => Math.round((seconds * 1e8) / records) / 100;
  return {
    perSecond: perSecond(readyMs),
    steadyPerSecond: perSecond(firstMs),
    seconds: Math.round(nowMs - readyMs) / 1_000,
    records,
    nodeCpu: perMillion(cpu['node']),
    forwarderCpu: perMillion(cpu['forwarder']),
    forwarderMebibytes: Math.round(residentBytes(forwarder) / 1024 / 1024),
  };
};

const forwarderOf = async (node: NodeProcess): Promise<number> => {
  let pid: number | undefined;
  await waitUntil('the forwarder process', 5_000, () => {
    [pid] = childPids(node.pid);
    return Promise.resolve(pid !== undefined);
  });
  return pid as number;
};

interface Progress {
  readonly lag: number;
  readonly isBegun: boolean;
  /** Sum of all log ends. */
  readonly end: number;
}

const progressOf = async (node: NodeProcess): Promise<Progress> => {
  const { partitions, forward } = await node.status();
  let lag = 0;
  let end = 0;
  let isBegun = false;
  for (const { partition, highWatermark } of partitions.filter((one) => one.topic === topic)) {
    const found = forward.find((one) => one.topic === topic && one.partition === partition);
    if (found?.state === 'stopped' || found?.state === 'blocked') {
      throw new Error(`forwarding is ${found.state}: ${found.lastError}`);
    }
    const at = found?.forwardOffset ?? 0;
    end += highWatermark;
    isBegun ||= at > 1;
    // The last offset of a prefilled partition is this start's LeaderChange: never forwarded.
    const left = highWatermark - at;
    lag += left <= 1 ? 0 : left;
  }
  return { lag, isBegun, end };
};

interface Incoming {
  published(): number;
  stop(): Promise<void>;
}

const startIncoming = (node: NodeProcess, options: DrainOptions): Incoming => {
  const { incomingPerSecond, recordBytes } = options;
  if (incomingPerSecond === 0) return { published: () => 0, stop: () => Promise.resolve() };
  let published = 0;
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    const shape = { sensors: 20, payloadBytes: recordBytes };
    const sensors = await SteadySensors.connect({ port: node.ports.mqtt, ...shape });
    while (!stopping.signal.aborted) published += await sensors.publish(incomingPerSecond, 0.5);
    await sensors.close();
  };
  const running = run();
  return {
    published: () => published,
    stop: () => {
      stopping.abort();
      return running;
    },
  };
};

const countRecords = async (bootstrap: string, name: string): Promise<number> => {
  let count = 0;
  await readWithKcat({ bootstrap, topic: name, msMax: drainMsMax }, () => (count += 1));
  return count;
};
