import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LevelStateView } from '../../../edge/state-level.ts';
import { ViewExecutor } from '../../../edge/view-executor.ts';
import { offset, type Offset } from '../../../src/base/brand.ts';
import { utf8Decode, utf8Encode } from '../../../src/base/bytes.ts';
import type { ViewChange } from '../../../src/ports/state-view.ts';

const topic = '__cluster';
const telemetry = { write: () => undefined };
const entry = (key: string, value: string) => ({ key: utf8Encode(key), value: utf8Encode(value) });
const removal = (key: string) => ({ key: utf8Encode(key), value: undefined });
const update = (at: number, ...changes: ViewChange[]) =>
  ({ type: 'UpdateView', topic, changes, nextOffset: offset(at) }) as const;

let dir = '';
let views: LevelStateView;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shorelog-views-'));
  views = new LevelStateView(dir);
});
afterEach(async () => {
  await views.close();
  await rm(dir, { recursive: true, force: true });
});

async function contents(): Promise<unknown> {
  const loaded = await views.load(topic);
  const pairs = loaded?.entries.map(({ key, value }) => [utf8Decode(key), utf8Decode(value)]);
  return { nextOffset: loaded?.nextOffset, entries: Object.fromEntries(pairs ?? []) };
}

it('never lets a replacement of a view undo a change that was ordered after it (P4)', async () => {
  const executor = new ViewExecutor(views, telemetry);
  await views.apply(topic, [entry('old', 'x')], offset(3));
  executor.update(update(4, entry('old', 'y')));
  const entries = [entry('producer-ids', '1')];
  executor.replace({ type: 'ReplaceView', topic, entries, nextOffset: offset(5) });
  executor.update(update(6, entry('producer-ids', '2')));
  await executor.settled();
  expect(await contents()).toEqual({ nextOffset: 6, entries: { 'producer-ids': '2' } });
});

it('writes what it gathered at once: the newest of each key, and the last offset', async () => {
  const executor = new ViewExecutor(views, telemetry);
  executor.update(update(2, entry('a', '1'), entry('b', '1')));
  executor.update(update(4, removal('a'), entry('b', '2')));
  expect(await views.load(topic)).toBeUndefined();
  await executor.settled();
  expect(await contents()).toEqual({ nextOffset: 4, entries: { b: '2' } });
  executor.update(update(6, entry('c', '1'), removal('c')));
  await expect.poll(contents, { timeout: 20_000 }).toEqual({ nextOffset: 6, entries: { b: '2' } });
});

it('never goes on with a view that lacks a change, even if it cannot be dropped (P4)', async () => {
  const applied: Offset[] = [];
  const failing = {
    apply: async (_topic: string, _changes: readonly ViewChange[], nextOffset: Offset) => {
      if (nextOffset === 2) throw new Error('no space');
      applied.push(nextOffset);
    },
    drop: () => Promise.reject(new Error('no space')),
  } as Partial<LevelStateView> as LevelStateView;
  const executor = new ViewExecutor(failing, telemetry);
  for (const at of [1, 2, 3]) {
    executor.update(update(at));
    await executor.settled();
  }
  expect(applied).toEqual([1]);
});

it('writes nothing of a condemned directory any more (L8)', async () => {
  const executor = new ViewExecutor(views, telemetry);
  executor.update(update(2, entry('a', '1')));
  executor.abandon();
  await executor.settled();
  expect(await views.load(topic)).toBeUndefined();
});
