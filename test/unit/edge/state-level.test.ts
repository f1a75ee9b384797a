import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LevelStateView } from '../../../edge/state-level.ts';
import { TableSums } from '../../../edge/table-sums.ts';
import { offset } from '../../../src/base/brand.ts';
import { utf8Decode, utf8Encode } from '../../../src/base/bytes.ts';

let dir = '';
let view: LevelStateView;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shorelog-state-'));
  view = new LevelStateView(dir);
});
afterEach(async () => {
  await view.close();
  await rm(dir, { recursive: true, force: true });
});

const change = (key: string, value: string | undefined) => ({
  key: utf8Encode(key),
  value: value === undefined ? undefined : utf8Encode(value),
});

async function contents(topic: string): Promise<unknown> {
  const loaded = await view.load(topic);
  if (loaded === undefined) return undefined;
  const pairs = loaded.entries.map(({ key, value }) => [utf8Decode(key), utf8Decode(value)]);
  return { nextOffset: loaded.nextOffset, ...Object.fromEntries(pairs) };
}

async function reopen(): Promise<void> {
  await view.close();
  view = new LevelStateView(dir);
}

async function raw(change: (database: Level) => Promise<void>): Promise<void> {
  await view.close();
  const database = new Level(dir);
  await change(database);
  await database.close();
  await new TableSums(dir).addNew();
  view = new LevelStateView(dir);
}

test('what is applied is loaded again, topics apart', async () => {
  expect(await contents('a')).toBeUndefined();
  await view.apply('a', [change('x', '1'), change('y', '2')], offset(5));
  await view.apply('a', [change('x', undefined), change('y', '3'), change('z', '')], offset(9));
  await view.apply('ab', [change('x', 'other')], offset(1));
  await reopen();
  expect(await contents('a')).toEqual({ nextOffset: 9, y: '3', z: '' });
  expect(await contents('ab')).toEqual({ nextOffset: 1, x: 'other' });
  await view.drop('a');
  expect(await contents('a')).toBeUndefined();
  expect(await contents('ab')).toEqual({ nextOffset: 1, x: 'other' });
});

test('applies that were not waited for end in their order', async () => {
  const applies = Array.from({ length: 50 }, (_, i) =>
    view.apply('a', [change('x', String(i)), change('x', `${i}!`)], offset(i + 1)),
  );
  await Promise.all(applies);
  expect(await contents('a')).toEqual({ nextOffset: 50, x: '49!' });
});

test('an entry that was changed, lost or added makes the whole view unknown', async () => {
  const spoilers: ((database: Level) => Promise<void>)[] = [
    (database) => database.put('a/entry/x', 'abcd1'),
    (database) => database.del('a/entry/x'),
    (database) => database.put('a/entry/y', ''),
    (database) => database.put('a/summary', 'abcdefghijklmnopqrst'),
  ];
  for (const spoil of spoilers) {
    await view.apply('a', [change('x', '1'), change('w', '1')], offset(5));
    await raw(spoil);
    expect(await contents('a')).toBeUndefined();
    await view.apply('a', [change('n', '1')], offset(1));
    expect(await contents('a')).toEqual({ nextOffset: 1, n: '1' });
    await view.drop('a');
  }
});

test('a database that does not open is made anew', async () => {
  await view.apply('a', [change('x', '1')], offset(5));
  await view.close();
  for (const name of await readdir(dir)) {
    if (/^(CURRENT|MANIFEST)/.test(name)) await writeFile(join(dir, name), 'damaged');
  }
  view = new LevelStateView(dir);
  expect(await contents('a')).toBeUndefined();
});

test('a database that opens and does not read is made anew', async () => {
  await view.apply('a', [change('x', '1')], offset(5));
  await reopen();
  // Opening has written the journal into a table, and only reading looks into the tables.
  await view.load('a');
  await view.close();
  const tables = (await readdir(dir)).filter((name) => name.endsWith('.ldb'));
  expect(tables).not.toEqual([]);
  for (const name of tables) {
    const bytes = await readFile(join(dir, name));
    await writeFile(join(dir, name), bytes.fill(0, 0, bytes.length - 8));
  }
  await new TableSums(dir).addNew();
  view = new LevelStateView(dir);
  expect(await contents('a')).toBeUndefined();
  await view.apply('a', [change('y', '2')], offset(6));
  await reopen();
  expect(await contents('a')).toEqual({ nextOffset: 6, y: '2' });
});

test('a view that went with its database takes no change until it is dropped', async () => {
  await view.apply('a', [change('x', '1')], offset(5));
  expect(await contents('a')).toEqual({ nextOffset: 5, x: '1' });
  vi.spyOn(Level.prototype, 'clear').mockRejectedValueOnce(new Error('damaged'));
  expect(await contents('b')).toBeUndefined();
  await view.apply('b', [change('y', '2')], offset(6));
  await expect(view.apply('a', [change('y', '2')], offset(6))).rejects.toThrow('lost');
  await view.drop('a');
  await view.apply('a', [change('y', '2')], offset(6));
  await reopen();
  expect(await contents('a')).toEqual({ nextOffset: 6, y: '2' });
  expect(await contents('b')).toEqual({ nextOffset: 6, y: '2' });
});

/** What a copy of the database says in which one byte differs by a bit. */
async function contentsWithFlip(name: string, at: number): Promise<unknown> {
  const copy = await mkdtemp(join(tmpdir(), 'shorelog-state-'));
  for (const each of await readdir(dir)) {
    const bytes = await readFile(join(dir, each));
    if (each === name) bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(join(copy, each), bytes);
  }
  view = new LevelStateView(copy);
  const loaded = await contents('a');
  await view.close();
  await rm(copy, { recursive: true });
  return loaded;
}

test('a table gets its sum while the database is open, also when nothing is asked of it', async () => {
  await view.apply('a', [change('x', '1')], offset(5));
  await reopen();
  await view.load('a');
  await vi.waitFor(async () => expect(await readdir(dir)).toContain('SUMS'), 10_000);
  // As a kill leaves it.
  expect(await new TableSums(dir).areWhole()).toBe(true);
});

test('a flipped bit anywhere in its journal never shows a view that differs', async () => {
  for (let i = 0; i < 20; i++) await view.apply('a', [change(`k${i}`, `v${i}`)], offset(i + 1));
  const whole = await contents('a');
  await view.close();
  const journal = (await readdir(dir)).find((name) => name.endsWith('.log')) ?? '';
  const { length } = await readFile(join(dir, journal));
  for (let at = 3; at < length; at += 97) {
    const loaded = (await contentsWithFlip(journal, at)) as { nextOffset: number } | undefined;
    // An earlier state is a state too: the log continues from its offset.
    const kept = loaded?.nextOffset ?? 0;
    const expected = Object.entries(whole as object).filter(
      ([key]) => key !== 'nextOffset' && Number(key.slice(1)) < kept,
    );
    if (loaded !== undefined) {
      expect(loaded).toEqual({ nextOffset: kept, ...Object.fromEntries(expected) });
    }
  }
});

test('a flipped bit anywhere in a table makes the views anew, and the process goes on', async () => {
  // The next start writes a fourth table, and LevelDB compacts them.
  for (let i = 0; i < 4; i++) {
    const keys = Array.from({ length: 10 }, (_, k) => change(`k${k * 4 + i}`, `v${i}`));
    await view.apply('a', keys, offset(i + 1));
    if (i < 3) await reopen();
  }
  await view.close();
  const tables = (await readdir(dir)).filter((name) => name.endsWith('.ldb'));
  expect(tables).toHaveLength(3);
  for (const table of tables) {
    const { length } = await readFile(join(dir, table));
    for (let at = 4; at < length; at += 61) {
      expect(await contentsWithFlip(table, at)).toBeUndefined();
    }
  }
  view = new LevelStateView(dir);
  expect(Object.keys((await contents('a')) as object)).toHaveLength(41);
});
