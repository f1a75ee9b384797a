import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { spawnOwned } from '../../../../../edge/cli/demo/owned-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'shorelog-owned-'));
afterAll(() => rmSync(folder, { recursive: true }));
const outputFile = join(folder, 'output.txt');

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('an owned process says how it ended and what it printed', async () => {
  const owned = spawnOwned({ command: 'sh', args: ['-c', 'echo hello; exit 3'], outputFile });
  expect(await owned.exited).toEqual({ code: 3, signal: null });
  expect(owned.output()).toBe('hello\n');
  expect(owned.isRunning()).toBe(false);
});

test('one that does not exist ends with 127', async () => {
  const owned = spawnOwned({ command: join(folder, 'nothing'), args: [], outputFile });
  expect((await owned.exited).code).toBe(127);
});

test('stop comes to a SIGKILL when SIGTERM is ignored', async () => {
  const args = ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'];
  const owned = spawnOwned({ command: 'sh', args, outputFile: join(folder, 'stubborn.txt') });
  while (!owned.output().includes('ready')) await delay(10);
  expect((await owned.stop(200)).signal).toBe('SIGKILL');
});

test('it ends when its owner is killed', async () => {
  const source = new URL('../../../../../edge/cli/demo/owned-process.ts', import.meta.url).href;
  const options = { command: 'sleep', args: ['60'], outputFile };
  const program = `
    import { spawnOwned } from ${JSON.stringify(source)};
    const owned = spawnOwned(${JSON.stringify(options)});
    console.log(owned.pid);
    setInterval(() => {}, 1000);
  `;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) =>
    owner.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
  );
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  const deadline = Date.now() + 10_000;
  while (isAlive(pid) && Date.now() < deadline) await delay(20);
  expect(isAlive(pid)).toBe(false);
});
