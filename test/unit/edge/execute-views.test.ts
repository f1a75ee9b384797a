import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Executor, type World } from '../../../edge/execute.ts';
import { LevelStateView } from '../../../edge/state-level.ts';
import { offset, type Offset } from '../../../src/base/brand.ts';
import { utf8Decode, utf8Encode } from '../../../src/base/bytes.ts';
import type { ViewChange } from '../../../src/ports/state-view.ts';

const topic = '__cluster';
const entry = (key: string, value: string) => ({ key: utf8Encode(key), value: utf8Encode(value) });

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

it('never lets a replacement of a view undo a change that was ordered after it (P4)', async () => {
  const executor = new Executor({ views } as Partial<World> as World);
  await views.apply(topic, [entry('old', 'x')], offset(3));
  executor.execute([
    { type: 'ReplaceView', topic, entries: [entry('producer-ids', '1')], nextOffset: offset(5) },
    { type: 'UpdateView', topic, changes: [entry('producer-ids', '2')], nextOffset: offset(6) },
  ]);
  await executor.close(() => undefined);
  const loaded = await views.load(topic);
  expect(loaded?.nextOffset).toBe(6);
  expect(loaded?.entries.map(({ key, value }) => [utf8Decode(key), utf8Decode(value)])).toEqual([
    ['producer-ids', '2'],
  ]);
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
  const telemetry = { write: () => undefined };
  const executor = new Executor({ views: failing, telemetry } as Partial<World> as World);
  executor.execute(
    [1, 2, 3].map((at) => ({ type: 'UpdateView', topic, changes: [], nextOffset: offset(at) })),
  );
  await executor.close(() => undefined);
  expect(applied).toEqual([1]);
});
