import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BlockImage } from '../../../power/block-image.ts';
import type { WriteLogEntry } from '../../../power/write-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'shorelog-block-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The log's bytes are the numbers of its places. */
const log = {
  read: (position: number, length: number): Buffer =>
    Buffer.from(Array.from({ length }, (_, index) => (position + index) % 251)),
};
const entries: readonly WriteLogEntry[] = [
  { kind: 'write', at: 0, bytes: 4, isForced: false, dataAt: 10 },
  { kind: 'flush', at: 0, bytes: 0, isForced: false, dataAt: 0 },
  { kind: 'write', at: 2, bytes: 4, isForced: false, dataAt: 50 },
  { kind: 'discard', at: 0, bytes: 1, isForced: false, dataAt: 0 },
];

test('an image plays forward, and a state has what was kept besides', async () => {
  const [path, state] = [join(folder, 'image'), join(folder, 'state')];
  writeFileSync(path, Buffer.alloc(8, 255));
  const image = new BlockImage(path, log, entries);
  const kept = [{ entry: 2, from: 1, to: 3 }];
  await image.makeState({ durable: 2, cut: 4, kept }, state);
  expect([...readFileSync(state)]).toEqual([10, 11, 12, 51, 52, 255, 255, 255]);
  expect([...readFileSync(path)]).toEqual([10, 11, 12, 13, 255, 255, 255, 255]);
  expect(image.firstDifference(state)).toBe(0);
  image.advance(4);
  expect([...readFileSync(path)]).toEqual([0, 11, 50, 51, 52, 53, 255, 255]);
  expect(image.firstDifference(path)).toBeUndefined();
  expect(() => image.advance(3)).toThrow('forward');
  image.close();
});
