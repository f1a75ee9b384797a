import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Config } from '../../../src/config/config.ts';
import { launchNode } from '../demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../demo/node-launcher.ts';
import { spawnOwned } from '../demo/owned-process.ts';
import type { LoadOrder, LoadResult } from './mqtt-load.ts';
import { deviceBytesWritten, residentBytes } from './written-bytes.ts';

/** What the user asked for. */
export interface BenchShape {
  readonly seconds: number;
  readonly ratePerSecond: number;
  readonly payloadBytes: number;
}

/** What a temporary node did. */
export interface NodeMeasured {
  readonly busy: LoadResult;
  readonly steady: LoadResult;
  readonly rssBytes: { readonly idle: number | undefined; readonly busy: number | undefined };
  readonly logBytesPerRecord: number;
  readonly deviceBytesPerPayloadByte: number | undefined;
}

const busyConnections = 10;
const busyInFlight = 50;
const steadyConnectionsMax = 100;
/** A sensor that has not heard of so many publishes would stop by itself. */
const steadyInFlight = 100;
const warmUpMs = 1_000;

/**
 * A node of its own in `folder`, with the user's log settings: first as many messages as it takes,
 * then so many a second. Everything that was started has ended when it settles. Rejects with
 * `signal`'s reason, or with what went wrong.
 */
export async function measureNode(
  folder: string,
  config: Config,
  shape: BenchShape,
  signal: AbortSignal,
): Promise<NodeMeasured> {
  const node = await launchNode({ folder, config: temporaryConfig(config) });
  const kill = (): void => node.signal('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    signal.throwIfAborted();
    return await measure(node, folder, shape, signal);
  } finally {
    signal.removeEventListener('abort', kill);
    await node.stop();
  }
}

const temporaryConfig = ({ log, topics }: Config): NodeConfig => ({
  log,
  // Writing the reserve is done once in a gateway's life and would be counted here.
  disk: { reserveBytes: 0 },
  topics: [{ name: 'bench', partitions: topics[0]?.partitions ?? 4 }],
  routes: [{ from: '#', topic: 'bench' }],
});

async function measure(
  node: NodeProcess,
  folder: string,
  shape: BenchShape,
  signal: AbortSignal,
): Promise<NodeMeasured> {
  const { seconds, ratePerSecond, payloadBytes } = shape;
  const idle = residentBytes(node.pid);
  const common = { port: node.ports.mqtt, payloadBytes, warmUpMs, measureMs: seconds * 1_000 };
  const flood = { connections: busyConnections, inFlight: busyInFlight, ratePerSecond: 0 };
  const busy = await load(folder, { ...common, ...flood }, signal);
  const rssBytes = { idle, busy: residentBytes(node.pid) };
  // What was written for the flood is not to be counted for the sensors.
  await delay(1_500, undefined, { signal });
  const before = await written(node, folder);
  const connections = Math.min(steadyConnectionsMax, ratePerSecond);
  const pace = { connections, inFlight: steadyInFlight, ratePerSecond };
  const steady = await load(folder, { ...common, ...pace, warmUpMs: 0 }, signal);
  const after = await written(node, folder);
  const records = Math.max(1, steady.acked);
  const device =
    before.device === undefined || after.device === undefined
      ? undefined
      : (after.device - before.device) / (records * payloadBytes);
  const logBytesPerRecord = (after.log - before.log) / records;
  return { busy, steady, rssBytes, logBytesPerRecord, deviceBytesPerPayloadByte: device };
}

async function written(
  node: NodeProcess,
  folder: string,
): Promise<{ readonly device: number | undefined; readonly log: number }> {
  return { device: deviceBytesWritten(folder), log: (await node.status()).disk.usedBytes };
}

/** Runs the load in a process of its own, so that it does not share the node's one thread. */
async function load(folder: string, order: LoadOrder, signal: AbortSignal): Promise<LoadResult> {
  signal.throwIfAborted();
  const outputFile = join(folder, `load-${order.ratePerSecond}.txt`);
  const program = fileURLToPath(new URL(`main${extension}`, import.meta.url));
  const args = [program, JSON.stringify(order)];
  const child = spawnOwned({ command: process.execPath, args, outputFile });
  const kill = (): void => child.signal('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const { code } = await child.exited;
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`the load process failed: ${child.output().trim()}`);
  return JSON.parse(child.output()) as LoadResult;
}

/** The built program is JavaScript. */
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
