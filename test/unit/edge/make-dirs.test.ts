import { mkdir, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeDirs } from '../../../edge/make-dirs.ts';

let dir = '';
let synced: number[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shorelog-make-dirs-'));
  synced = [];
  const sample = await open(dir);
  const prototype = Object.getPrototypeOf(sample) as FileHandle;
  await sample.close();
  vi.spyOn(prototype, 'sync').mockImplementation(async function sync(this: FileHandle) {
    synced.push((await this.stat()).ino);
  });
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

const inodesOf = (...paths: readonly string[]): Promise<number[]> =>
  Promise.all(paths.map(async (path) => (await stat(path)).ino));

test('every new name is made durable in its parent', async () => {
  await makeDirs(join(dir, 'a', 'b', 'c'), 0o700);
  const parents = await inodesOf(join(dir, 'a', 'b'), join(dir, 'a'), dir);
  expect(new Set(synced)).toEqual(new Set(parents));
  expect((await stat(join(dir, 'a', 'b', 'c'))).mode & 0o777).toBe(0o700);
});

test('a name that is there may come from a process that was killed before it synced', async () => {
  await mkdir(join(dir, 'a'));
  await makeDirs(join(dir, 'a'), 0o700);
  expect(synced).toEqual(await inodesOf(dir));
});

test('a file in its way, or in the way of a parent, is an error', async () => {
  await writeFile(join(dir, 'file'), '');
  await expect(makeDirs(join(dir, 'file', 'a'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test.each([
  ['EACCES', true],
  ['EIO', false],
])('a sync that fails with %s', async (code, isTolerated) => {
  const sample = await open(dir);
  const prototype = Object.getPrototypeOf(sample) as FileHandle;
  await sample.close();
  vi.spyOn(prototype, 'sync').mockRejectedValue(Object.assign(new Error(code), { code }));
  const made = makeDirs(join(dir, 'a'), 0o700);
  if (isTolerated) await expect(made).resolves.toBeUndefined();
  else await expect(made).rejects.toMatchObject({ code });
});
