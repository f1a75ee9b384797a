import { readFileSync } from 'node:fs';
import type { NodeProcess } from '../../../edge/cli/demo/node-launcher.ts';
import { childPids } from './child-pids.ts';
import { waitUntil } from './wait-until.ts';

/** The node's forwarder process, or undefined while there is none. Linux only. */
export const forwarderPid = (node: NodeProcess): number | undefined =>
  childPids(node.pid).find((pid) => procText(pid, 'cmdline').includes('cloud-sync'));

/** The settings that the node gave its forwarder, to start another one with them. */
export const forwarderSettingsOf = (pid: number): string => {
  const prefix = 'SHORELOG_FORWARDER_SETTINGS=';
  const found = procText(pid, 'environ')
    .split('\0')
    .find((line) => line.startsWith(prefix));
  if (found === undefined) throw new Error(`process ${pid} has no forwarder settings`);
  return found.slice(prefix.length);
};

/** SIGKILL for the forwarder, once there is one. */
export const killForwarder = async (node: NodeProcess, msMax = 40_000): Promise<void> => {
  process.kill(await waitUntil('a forwarder process', msMax, () => forwarderPid(node)), 'SIGKILL');
};

/**
 * The sum of all forward offsets. A forwarder that was just started tells those of a partition only
 * when it has taken over, so this waits for all of them.
 */
export const forwardedTotal = (node: NodeProcess): Promise<number> =>
  waitUntil('the offsets of all partitions', 60_000, async () => {
    const offsets = (await node.status()).forward.map(({ forwardOffset }) => forwardOffset ?? NaN);
    const sum = offsets.reduce((total, offset) => total + offset, 0);
    return offsets.length > 0 && !Number.isNaN(sum) ? sum : undefined;
  });

/** Waits until something more has been forwarded than just now. */
export const untilForwardMoves = async (node: NodeProcess, msMax = 60_000): Promise<void> => {
  const before = await forwardedTotal(node);
  await waitUntil('a forward offset that moves', msMax, async () => {
    return (await forwardedTotal(node)) > before;
  });
};

/** Waits until central has everything that is committed on the node. */
export const untilAllForwarded = async (node: NodeProcess, msMax: number): Promise<void> => {
  let last = '';
  const isDone = async (): Promise<boolean> => {
    const { forward, partitions } = await node.status();
    last = JSON.stringify(forward);
    const isAtEnd = forward.map(({ topic, partition, forwardOffset = 0 }) => {
      const log = partitions.find((p) => p.topic === topic && p.partition === partition);
      return log !== undefined && forwardOffset >= log.highWatermark;
    });
    return isAtEnd.length > 0 && !isAtEnd.includes(false);
  };
  await waitUntil('everything at central', msMax, isDone).catch((error: unknown) => {
    throw new Error(`${String(error)}; forwarding stands at ${last}`);
  });
};

/** A file of a process below /proc; empty once it has ended. */
const procText = (pid: number, name: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
};
