import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TableSums } from '../../../edge/table-sums.ts';

const footer = Buffer.from('57fb808b247547db', 'hex');

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shorelog-sums-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const write = (name: string, text: string, end: Uint8Array = footer): Promise<void> =>
  writeFile(join(dir, name), Buffer.concat([Buffer.from(text), end]));

/** As the next start finds them. */
const areWhole = (): Promise<boolean> => new TableSums(dir).areWhole();

test('a folder without tables, and one that is not there, are whole', async () => {
  expect(await areWhole()).toBe(true);
  await write('000003.log', 'journal');
  expect(await areWhole()).toBe(true);
  await rm(dir, { recursive: true });
  expect(await areWhole()).toBe(true);
});

test('a table is whole as it was when it was summed up, and at no other time', async () => {
  await write('000005.ldb', 'one');
  expect(await areWhole()).toBe(false);
  const sums = new TableSums(dir);
  await sums.addNew();
  expect(await areWhole()).toBe(true);
  await write('000005.ldb', 'onf');
  expect(await areWhole()).toBe(false);
  // What is rotten already does not get its sum anew.
  await sums.addNew();
  await write('000007.ldb', 'two');
  await sums.addNew();
  expect(await areWhole()).toBe(false);
  await write('000005.ldb', 'one');
  expect(await areWhole()).toBe(true);
});

test('a sum outlives a restart, and goes with its table', async () => {
  await write('000005.ldb', 'one');
  await new TableSums(dir).addNew();
  const next = new TableSums(dir);
  expect(await next.areWhole()).toBe(true);
  await write('000007.ldb', 'two');
  await next.addNew();
  expect(await areWhole()).toBe(true);
  await rm(join(dir, '000005.ldb'));
  await next.addNew();
  expect(await readFile(join(dir, 'SUMS'), 'latin1')).toMatch(/^000007\.ldb [0-9a-f]+\n$/);
});

test('a table gets its sum once all of it is written, and LevelDB clears away the others', async () => {
  const sums = new TableSums(dir);
  await write('000005.ldb', 'on', Buffer.of());
  expect(await sums.addNew()).toBe(true);
  expect(await areWhole()).toBe(true);
  await write('000005.ldb', 'one');
  expect(await areWhole()).toBe(false);
  expect(await sums.addNew()).toBe(true);
  expect(await areWhole()).toBe(true);
  expect(await sums.addNew()).toBe(false);
  await write('000005.ldb', 'on', Buffer.of());
  expect(await areWhole()).toBe(false);
});

test('sums that are damaged or lost leave all in doubt', async () => {
  await write('000005.ldb', 'one');
  await new TableSums(dir).addNew();
  const path = join(dir, 'SUMS');
  const bytes = await readFile(path);
  for (let at = 0; at < bytes.length - 1; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 4;
    await writeFile(path, damaged);
    expect(await areWhole()).toBe(false);
  }
  await rm(path);
  expect(await areWhole()).toBe(false);
});

test('sums that cannot be written are no failure, and one that cannot be read is no rot', async () => {
  await write('000005.ldb', 'one');
  await mkdir(join(dir, 'SUMS.new'));
  expect(await new TableSums(dir).addNew()).toBe(false);
  expect(await areWhole()).toBe(false);
  await mkdir(join(dir, 'SUMS'));
  await expect(areWhole()).rejects.toThrow('EISDIR');
});
