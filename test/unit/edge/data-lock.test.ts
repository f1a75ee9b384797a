import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataDirectory } from '../../../edge/data-lock.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shorelog-lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('one holder at a time; released, it can be taken again', async () => {
  const first = await lockDataDirectory(dir);
  if (!first.ok) throw new Error(first.error);
  expect(await lockDataDirectory(dir)).toEqual({ ok: false, error: 'held' });
  await first.value.release();
  const second = await lockDataDirectory(dir);
  expect(second.ok).toBe(true);
  if (second.ok) await second.value.release();
  expect(await readdir(join(dir, 'lock'))).toContain('LOCK');
});

test('a directory that cannot hold the lock is an error value', async () => {
  await writeFile(join(dir, 'lock'), 'not a directory');
  expect(await lockDataDirectory(dir)).toEqual({ ok: false, error: 'unusable' });
});
