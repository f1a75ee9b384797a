import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { LoadPublisher } from '../integration/harness/load-publisher.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import type { Figure } from './figure.ts';
import { fillLogs } from './fill-logs.ts';
import { median } from './statistics.ts';

export interface RecoverOptions {
  readonly folder: string;
  readonly runs: number;
  readonly bytes: number;
  readonly partitions: number;
  readonly say: (text: string) => void;
}

const readyMsMax = 120_000;
/** What is published before each kill: the newest segments have bytes that no mark speaks of. */
const publishesBeforeKill = 2_000;

type End = 'kill' | 'stop';

/**
 * Seconds from the start of the process to ready, on a large log: after SIGKILL under load and
 * after a clean stop, with a cold page cache where this process may drop it. Baseline: the same
 * node with an empty log.
 */
export async function* measureRecover(options: RecoverOptions): AsyncGenerator<Figure> {
  const topics: NodeConfig['topics'] = [
    { name: 'sensors', partitions: options.partitions, retentionMs: 'unlimited' },
  ];
  const folder = join(options.folder, 'recover');
  mkdirSync(folder);
  const node = await prepareNode({ folder, config: { topics } });
  const empty = await startsOf(node, options, 'stop');
  options.say(`recover: writing ${(options.bytes / 2 ** 30).toFixed(1)} GiB`);
  const filled = await fillLogs(node.dataDir, options.bytes);
  for (const end of ['kill', 'stop'] as const) {
    const starts = await startsOf(node, options, end);
    const seconds = starts.map((start) => start.seconds);
    yield {
      figure: end === 'kill' ? 'recoverAfterKill' : 'recoverAfterStop',
      value: median(seconds),
      unit: 's to ready',
      runs: seconds,
      baselines: { emptyLog: median(empty.map((start) => start.seconds)) },
      details: {
        logBytes: filled.bytes,
        segments: filled.segments,
        partitions: options.partitions,
        isPageCacheCold: starts.every(({ isCold }) => isCold),
        bytesReadFromDisk: median(starts.map(({ readBytes }) => readBytes)),
      },
    };
  }
}

interface Start {
  readonly seconds: number;
  readonly isCold: boolean;
  readonly readBytes: number;
}

const startsOf = async (node: NodeProcess, options: RecoverOptions, end: End): Promise<Start[]> => {
  const starts: Start[] = [];
  await node.start();
  for (let run = 0; run < options.runs; run += 1) {
    options.say(`recover: start after ${end}, run ${run + 1} of ${options.runs}`);
    await publishSome(node, run);
    await (end === 'kill' ? node.kill() : node.stop());
    const isCold = dropPageCache();
    const startMs = performance.now();
    node.spawn();
    await node.waitUntilReady(readyMsMax);
    const seconds = Math.round(performance.now() - startMs) / 1_000;
    starts.push({ seconds, isCold, readBytes: bytesReadBy(node.pid) });
  }
  await node.stop();
  return starts;
};

const publishSome = async (node: NodeProcess, run: number): Promise<void> => {
  const load = new LoadPublisher({
    ...{ port: node.ports.mqtt, name: `before-${run}` },
    ...{ connections: 4, inFlight: 50, payloadBytes: 200 },
  });
  await waitUntil('publishes before the kill', 30_000, () =>
    Promise.resolve(load.acked.size >= publishesBeforeKill),
  );
  await load.stop();
};

/** Only root may; false: the page cache still holds what was written last. */
const dropPageCache = (): boolean => {
  spawnSync('sync');
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    return true;
  } catch {
    return false;
  }
};

/** Bytes that a process made the disk give, not counting what the page cache had. Linux only. */
const bytesReadBy = (pid: number): number =>
  Number(/^read_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
