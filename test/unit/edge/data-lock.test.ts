import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
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

test('rot in its database does not stop the node', async () => {
  const first = await lockDataDirectory(dir);
  if (!first.ok) throw new Error(first.error);
  await first.value.release();
  await writeFile(join(dir, 'lock', 'CURRENT'), 'MANIFEST-9\n');
  const second = await lockDataDirectory(dir);
  if (!second.ok) throw new Error(second.error);
  expect(await lockDataDirectory(dir)).toEqual({ ok: false, error: 'held' });
  await second.value.release();
});

test('a directory that cannot hold the lock is an error value', async () => {
  await writeFile(join(dir, 'lock'), 'not a directory');
  expect(await lockDataDirectory(dir)).toEqual({ ok: false, error: 'unusable' });
});

/** What a power cut in the first start leaves on ext4: names and sizes, of some files no bytes. */
const cutShort: readonly (readonly [string, (lockDir: string) => Promise<void>])[] = [
  ['an empty manifest', (lockDir) => truncateLike(lockDir, /^MANIFEST/)],
  ['an empty CURRENT', (lockDir) => truncateLike(lockDir, /^CURRENT$/)],
  ['no manifest', (lockDir) => removeLike(lockDir, /^MANIFEST/)],
  ['everything empty', (lockDir) => truncateLike(lockDir, /./)],
  ['only LOCK', (lockDir) => removeLike(lockDir, /^(?!LOCK$)/)],
];

const pathsLike = async (lockDir: string, pattern: RegExp): Promise<string[]> =>
  (await readdir(lockDir)).filter((name) => pattern.test(name)).map((name) => join(lockDir, name));

const truncateLike = async (lockDir: string, pattern: RegExp): Promise<void> => {
  await Promise.all((await pathsLike(lockDir, pattern)).map((path) => truncate(path)));
};

const removeLike = async (lockDir: string, pattern: RegExp): Promise<void> => {
  await Promise.all((await pathsLike(lockDir, pattern)).map((path) => rm(path)));
};

test.each(cutShort)('is taken where a power cut left %s, on the same LOCK', async (_name, cut) => {
  const lockDir = join(dir, 'lock');
  const first = await lockDataDirectory(dir);
  if (!first.ok) throw new Error(first.error);
  await first.value.release();
  const { ino } = await stat(join(lockDir, 'LOCK'));
  await cut(lockDir);
  const second = await lockDataDirectory(dir);
  expect(second.ok).toBe(true);
  expect((await stat(join(lockDir, 'LOCK'))).ino).toBe(ino);
  expect(await lockDataDirectory(dir)).toEqual({ ok: false, error: 'held' });
  if (second.ok) await second.value.release();
});
