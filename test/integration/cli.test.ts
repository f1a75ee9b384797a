import { spawn } from 'node:child_process';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { shorelogProgram } from '../../edge/cli/demo/node-launcher.ts';
import { startTestNode } from './harness/shorelog-node.ts';

let node: NodeProcess;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ node, remove } = await startTestNode('cli'));
});
afterAll(() => remove());

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs the built command against the node; ends it after 30 s. */
function run(args: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const argv = [shorelogProgram(), ...args, '--config', node.configFile];
    const child = spawn(process.execPath, argv, { timeout: 30_000 });
    let out = '';
    let error = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (error += chunk));
    child.once('close', (code) => resolve({ code, out, error }));
    child.stdin.end(input);
  });
}

const json = (text: string): { readonly key: string; readonly value: string }[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { key: string; value: string });

it('publishes and consumes', async () => {
  const begin = new Date(Date.now() - 1_000).toISOString();
  expect(await run(['publish', 'plant/a', '21.5'])).toEqual({
    code: 0,
    out: '1 on disk\n',
    error: '',
  });
  const lines = Array.from({ length: 20 }, (_, i) => `reading ${i}`);
  const piped = await run(['publish', 'plant/b', '--qos', '2'], `${lines.join('\n')}\n`);
  expect(piped).toEqual({ code: 0, out: '20 on disk\n', error: '' });
  const unrouted = await run(['publish', '$elsewhere', 'x']);
  expect(unrouted.out).toBe('1 acknowledged, not stored: no route names $elsewhere\n');

  const all = json((await run(['consume', 'sensors', '--json'])).out);
  expect(all.filter(({ key }) => key === 'plant/a').map(({ value }) => value)).toEqual(['21.5']);
  expect(all.filter(({ key }) => key === 'plant/b').map(({ value }) => value)).toEqual(lines);
  expect(json((await run(['consume', 'sensors', '--json', '--since', begin])).out)).toHaveLength(
    21,
  );
  expect(json((await run(['consume', 'sensors', '--json', '--limit', '3'])).out)).toHaveLength(3);
  expect((await run(['consume', 'sensors', '--from', 'end'])).out).toBe('');
  expect((await run(['consume', 'sensors'])).out).toMatch(
    /^sensors-\d@\d+ \d{4}-.*Z plant\/a 21\.5$/m,
  );
});

it('follows what comes', async () => {
  const following = run([
    'consume',
    'sensors',
    '--from',
    'end',
    '--follow',
    '--limit',
    '1',
    '--json',
  ]);
  // When the reader stands at the end cannot be seen from outside, so publish until it has seen
  // one.
  for (let tries = 0; tries < 40; tries++) {
    const published = run(['publish', 'plant/live', 'now']).then(() => undefined);
    if ((await Promise.race([following, published])) !== undefined) break;
  }
  expect(json((await following).out)).toMatchObject([{ key: 'plant/live', value: 'now' }]);
});

it.each([
  [['consume', 'nope'], 'topic nope'],
  [['consume', 'sensors', '--partition', '99'], 'has no partition 99'],
  [
    ['consume', 'sensors', '--partition', '0', '--from', '9999', '--follow'],
    'sensors-0 at offset 9999',
  ],
  [['forward', '--topic', 'nope', '--partition', '0', '--from', 'start'], 'the node refused'],
  [['start'], 'node.dataDir'],
])('%j fails in one clear line', async (args, text) => {
  const { code, out, error } = await run(args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(error).toMatch(/^error: /);
  expect(error).toContain(text);
  expect(error).not.toMatch(/\n\s+at /);
});

it('says how it is', async () => {
  const { code, out } = await run(['status']);
  expect({ code, health: out.split('\n')[0] }).toEqual({ code: 0, health: 'ok' });
});

it('stops cleanly on SIGTERM', async () => {
  expect(await node.stop()).toMatchObject({ code: 0 });
  expect(node.output()).not.toMatch(/\n\s+at /);
  expect((await run(['status'])).error).toContain('no node answers');
});
