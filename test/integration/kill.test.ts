import { readFileSync, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, expect, test } from 'vitest';

import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { Prng } from '../../src/base/prng.ts';
import { requireTools } from '../support/require-tool.ts';
import { IdempotentProducer } from './harness/idempotent-producer.ts';
import { LoadPublisher } from './harness/load-publisher.ts';
import { accountOf, faultless } from './harness/log-account.ts';
import { PowerCut } from './harness/power-cut.ts';
import type { UnsyncedBytes } from './harness/power-cut.ts';
import { makeTempFolder, removeTempFolder } from './harness/temp-folder.ts';
import { waitUntil } from './harness/wait-until.ts';

const seed = Number(process.env['SHORELOG_TEST_SEED'] ?? Date.now() % 1_000_000);
const inFlightMin = 500;

/** A moment to kill the node at. */
type Moment = 'load' | 'roll' | 'recovery';
const moments: readonly Moment[] = Array.from({ length: 20 }, (_, kill) =>
  kill % 4 === 3 ? 'recovery' : kill % 2 === 0 ? 'load' : 'roll',
);
const cuts: readonly UnsyncedBytes[] = ['all', 'none', 'some'];
const segmentSizes = [1_024, 16_384, 1_024, 131_072] as const;

const configWith = (segmentBytes: number): NodeConfig => ({
  log: { segmentBytes },
  disk: { reserveBytes: 1_048_576 },
  // For ever: a segment without a record, such as a first LeaderChange alone, is always old enough.
  topics: [{ name: 'sensors', partitions: 2, retentionMs: 'unlimited' }],
});

interface Scene {
  readonly node: NodeProcess;
  readonly power: PowerCut;
  readonly load: LoadPublisher;
  readonly kafka: IdempotentProducer;
}

const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const setUp = async (name: string): Promise<Scene> => {
  const folder = makeTempFolder(name);
  cleanUps.push(() => removeTempFolder(folder));
  const power = new PowerCut(join(folder, 'data'), join(folder, 'synced.txt'));
  const node = await prepareNode({ folder, config: configWith(1_024), env: power.env });
  cleanUps.push(() => (node.isRunning ? node.kill() : undefined));
  await node.start();
  const load = new LoadPublisher({
    ...{ port: node.ports.mqtt, name: 'mqtt', connections: 4, inFlight: 250 },
  });
  cleanUps.push(() => load.stop(0));
  const kafka = new IdempotentProducer({
    ...{ bootstrap: node.bootstrap, topic: 'sensors', name: 'kafka', recordsPerSend: 20 },
  });
  cleanUps.push(() => kafka.abandon());
  return { node, power, load, kafka };
};

const logsOf = (node: NodeProcess, partition: number): string =>
  join(node.dataDir, 'logs', `sensors-${partition}`);

/** Kills as soon as a new segment file is there: its roll is not finished. */
const killInRoll = async (node: NodeProcess): Promise<void> => {
  const watchers = [0, 1].map((partition) => watch(logsOf(node, partition)));
  const kill = (_event: string, name: string | null): void => {
    if (name?.endsWith('.log') === true) node.signal('SIGKILL');
  };
  for (const watcher of watchers) watcher.on('change', kill);
  const limit = setTimeout(() => node.signal('SIGKILL'), 5_000);
  await node.exited();
  clearTimeout(limit);
  for (const watcher of watchers) watcher.close();
};

/** A partition whose newest segment holds nothing yet. */
const hasUnfinishedRoll = (node: NodeProcess): boolean =>
  [0, 1].some((partition) => {
    const folder = logsOf(node, partition);
    const logs = readdirSync(folder).filter((file) => file.endsWith('.log'));
    const newest = logs.sort().at(-1);
    return logs.length > 1 && newest !== undefined && statSync(join(folder, newest)).size === 0;
  });

const startsCounted = (node: NodeProcess): number =>
  statSync(join(node.dataDir, 'meta.json')).mtimeMs;

/** Starts the node and kills it once it has counted its start, that is, within its recovery. */
const killInRecovery = async (node: NodeProcess, msMax: number): Promise<void> => {
  const before = startsCounted(node);
  node.spawn();
  await waitUntil('the start to be counted', 20_000, () => startsCounted(node) !== before);
  await delay(msMax);
  await node.kill();
};

const readies = (node: NodeProcess): number => node.output().split('"text":"ready"').length - 1;

test('SIGKILL under load, in rolls and in recovery loses nothing acknowledged', async (context) => {
  requireTools(context, 'kcat');
  const random = new Prng(seed);
  const scene = await setUp('kill');
  const { node, power, load, kafka } = scene;
  const recoveriesMs: number[] = [];
  const inFlightAtKill: number[] = [];
  let rolls = 0;
  let recoveries = 0;
  for (const [kill, moment] of moments.entries()) {
    if (moment === 'recovery') {
      const ready = readies(node);
      await killInRecovery(node, random.below(80));
      if (readies(node) === ready) recoveries += 1;
    } else {
      if (!node.isRunning) {
        const begin = Date.now();
        await node.start();
        recoveriesMs.push(Date.now() - begin);
      }
      const acked = load.acked.size;
      await waitUntil(
        'load',
        20_000,
        () => load.isConnected && load.inFlight > inFlightMin && load.acked.size > acked + 1_000,
      );
      await delay(random.below(100));
      inFlightAtKill.push(load.inFlight);
      if (moment === 'roll') await killInRoll(node);
      else await node.kill();
      if (hasUnfinishedRoll(node)) rolls += 1;
    }
    power.cut(cuts[kill % cuts.length] ?? 'all', () => random.next());
    node.configure(configWith(segmentSizes[kill % segmentSizes.length] ?? 1_024));
  }
  const begin = Date.now();
  await node.start();
  recoveriesMs.push(Date.now() - begin);
  await load.stop();
  const failure = await kafka.finish(20_000);

  const log = await readAllWithKcat({
    ...{ bootstrap: node.bootstrap, topic: 'sensors', msMax: 30_000 },
  });
  const acked = new Set([...load.acked, ...kafka.acked]);
  const account = accountOf(log, acked, load.uncertain);
  const segments = [0, 1].flatMap((p) => readdirSync(logsOf(node, p))).length;
  console.log(
    `kill: seed ${seed}, ${moments.length} kills (${rolls} in a roll, ${recoveries} in a recovery), ` +
      `${load.acked.size} PUBACKs, ${kafka.acked.size} Produce answers, ${load.uncertain.size} uncertain, ` +
      `${account.records} in the log, ${account.lost.length} lost, ` +
      `${account.duplicates.length} twice, ${power.bytesCut} unsynced bytes cut, ` +
      `in flight at a kill ${Math.min(...inFlightAtKill)}..${Math.max(...inFlightAtKill)}, ` +
      `${segments} files, start ${Math.min(...recoveriesMs)}..${Math.max(...recoveriesMs)} ms`,
  );
  expect(account).toMatchObject(faultless);
  expect(failure).toBeUndefined();
  expect(kafka.acked.size).toBeGreaterThan(0);
  expect(load.misplacedAcks).toBe(0);
  expect(power.bytesCut).toBeGreaterThan(0);
  expect(recoveries).toBeGreaterThan(0);
  expect(rolls).toBeGreaterThan(0);
  expect(Math.min(...inFlightAtKill)).toBeGreaterThan(inFlightMin);
  expect(node.output()).not.toMatch(/\n\s+at /);
});

interface SegmentFile {
  readonly inode: number;
  readonly size: number;
  readonly bytes: Buffer;
}

/** The segment files of all partitions, by path. */
const segmentFiles = (node: NodeProcess): Map<string, SegmentFile> => {
  const logs = join(node.dataDir, 'logs');
  const files = readdirSync(logs, { recursive: true, encoding: 'utf8' });
  const states = new Map<string, SegmentFile>();
  for (const file of files.filter((name) => /\.(log|recovery)$/.test(name))) {
    const { ino: inode, size } = statSync(join(logs, file));
    states.set(file, { inode, size, bytes: readFileSync(join(logs, file)) });
  }
  return states;
};

test('SIGTERM under load loses nothing acknowledged, and the next start rewrites nothing', async (context) => {
  requireTools(context, 'kcat');
  const { node, load, kafka } = await setUp('stop');
  await waitUntil('load', 20_000, () => load.inFlight > inFlightMin && load.acked.size > 5_000);
  const inFlight = load.inFlight;
  const exit = await node.stop();
  expect(exit).toMatchObject({ code: 0, signal: null });
  await load.stop(0);
  const before = segmentFiles(node);
  const begin = Date.now();
  await node.start();
  const startMs = Date.now() - begin;
  const after = segmentFiles(node);
  for (const [file, { inode, size, bytes }] of before) {
    const now = after.get(file);
    expect({ file, inode: now?.inode }).toEqual({ file, inode });
    // A start appends (C1) and changes no byte that is there.
    expect(now?.bytes.subarray(0, size).equals(bytes)).toBe(true);
  }
  const failure = await kafka.finish(20_000);

  const log = await readAllWithKcat({
    ...{ bootstrap: node.bootstrap, topic: 'sensors', msMax: 30_000 },
  });
  const account = accountOf(log, new Set([...load.acked, ...kafka.acked]), load.uncertain);
  console.log(
    `stop: ${load.acked.size} PUBACKs, ${kafka.acked.size} Produce answers, ${inFlight} in flight, ` +
      `${account.records} in the log, ${account.lost.length} lost, ${before.size} segments, ` +
      `start ${startMs} ms`,
  );
  expect(account).toMatchObject(faultless);
  expect(failure).toBeUndefined();
  expect(inFlight).toBeGreaterThan(inFlightMin);
  expect(before.size).toBeGreaterThan(10);
});
