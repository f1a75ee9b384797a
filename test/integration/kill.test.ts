import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { requireTools } from '../support/require-tool.ts';
import { runKills } from './harness/kill-run.ts';
import { inFlightMin, openKillScene } from './harness/kill-scene.ts';
import { accountOf, faultless } from './harness/log-account.ts';
import { makeTempFolder, removeTempFolder } from './harness/temp-folder.ts';
import { waitUntil } from './harness/wait-until.ts';

const seed = Number(process.env['SHORELOG_TEST_SEED'] ?? Date.now() % 1_000_000);

const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const newFolder = (name: string): string => {
  const folder = makeTempFolder(name);
  cleanUps.push(() => removeTempFolder(folder));
  return folder;
};

test('SIGKILL under load, in rolls and in recovery loses nothing acknowledged', async (context) => {
  requireTools(context, 'kcat');
  const report = await runKills({ folder: newFolder('kill'), kills: 12, seed });
  const { account, inFlightAtKill, recoveriesMs } = report;
  console.log(
    `kill: seed ${seed}, ${report.kills} kills (${report.rolls} in a roll, ` +
      `${report.recoveries} in a recovery), ${report.pubacks} PUBACKs, ` +
      `${report.produceAnswers} Produce answers, ${report.uncertain} uncertain, ` +
      `${account.records} in the log, ${account.lost.length} lost, ` +
      `${account.duplicates.length} twice, ${report.unsyncedBytesCut} unsynced bytes cut, ` +
      `in flight at a kill ${Math.min(...inFlightAtKill)}..${Math.max(...inFlightAtKill)}, ` +
      `${report.files} files, start ${Math.min(...recoveriesMs)}..${Math.max(...recoveriesMs)} ms`,
  );
  expect(account).toMatchObject(faultless);
  expect(report.failure).toBeUndefined();
  expect(report.produceAnswers).toBeGreaterThan(0);
  expect(report.misplacedAcks).toBe(0);
  expect(report.unsyncedBytesCut).toBeGreaterThan(0);
  expect(report.recoveries).toBeGreaterThan(0);
  expect(report.rolls).toBeGreaterThan(0);
  expect(Math.min(...inFlightAtKill)).toBeGreaterThan(inFlightMin);
  expect(report.output).not.toMatch(/\n\s+at /);
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
  const { node, load, kafka, close } = await openKillScene(newFolder('stop'));
  cleanUps.push(close);
  await waitUntil('load', 40_000, () => load.inFlight > inFlightMin && load.acked.size > 5_000);
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
  const failure = await kafka.finish(60_000);

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
