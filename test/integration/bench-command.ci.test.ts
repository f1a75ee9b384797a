import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { shorelogProgram } from '../../edge/cli/demo/node-launcher.ts';
import type { BenchReport } from '../../edge/cli/bench/bench-report.ts';
import { makeTempFolder, removeTempFolder } from './harness/temp-folder.ts';
import { waitUntil } from './harness/wait-until.ts';

let root: string;
let config: string;

beforeEach(() => {
  root = makeTempFolder('bench-command');
  config = join(root, 'shorelog.yaml');
  mkdirSync(join(root, 'data'));
  writeFileSync(join(root, 'data', 'reading'), 'not ours');
  writeFileSync(config, `node: { dataDir: ${join(root, 'data')} }\n`);
});
afterEach(() => removeTempFolder(root));

const bench = (...args: readonly string[]) => {
  const argv = [shorelogProgram(), 'bench', '--config', config, ...args];
  const child = spawn(process.execPath, argv, { timeout: 60_000 });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  const ended = new Promise<{ readonly code: number | null; readonly out: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, out })),
  );
  return { child, ended };
};

/** What was there before, and nothing else. */
const expectUntouched = (): void => {
  expect(readdirSync(root).sort()).toEqual(['data', 'shorelog.yaml']);
  expect(readdirSync(join(root, 'data'))).toEqual(['reading']);
};

it('measures beside the data directory and leaves nothing behind', async () => {
  const { code, out } = await bench('--json', '--seconds', '2', '--rate', '50').ended;
  expect(code).toBe(0);
  const report = JSON.parse(out) as BenchReport;
  expect(report.asked).toEqual({ ratePerSecond: 50, payloadBytes: 200, seconds: 2 });
  expect(report.node.busy.perSecond).toBeGreaterThan(0);
  expect(report.node.steady.acked).toBeGreaterThan(0);
  // A record is its payload, key, headers and its share of a batch.
  expect(report.node.logBytesPerRecord).toBeGreaterThan(200);
  expect(report.node.logBytesPerRecord).toBeLessThan(1_000);
  expect(report.outlook.daysOffline).toBeGreaterThan(0);
  expectUntouched();
});

it.each(['SIGINT', 'SIGHUP'] as const)('cleans up when %s interrupts it', async (signal) => {
  const { child, ended } = bench('--seconds', '30');
  await waitUntil('the temporary node', 30_000, () =>
    Promise.resolve(
      readdirSync(root).some(
        (name) =>
          name.startsWith('shorelog-bench-') && existsSync(join(root, name, 'node', 'load-0.txt')),
      ),
    ),
  );
  child.kill(signal);
  expect((await ended).code).toBe(130);
  expectUntouched();
});
