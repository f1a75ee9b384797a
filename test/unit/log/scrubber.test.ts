import { expect, it } from 'vitest';
import type { PartitionLog } from '../../../src/log/partition-log.ts';
import { ScrubSchedule } from '../../../src/log/scrub-schedule.ts';
import { Scrubber } from '../../../src/log/scrubber.ts';
import { FakeDisk } from '../../fakes/fake-disk.ts';
import { ManualClock, emptySnapshot, fill, openLog, openStorage, readAll } from './log-fixture.ts';

const file = (base: number, suffix: string): string =>
  `logs/sensors-0/${String(base).padStart(20, '0')}.${suffix}`;

/** Segments [0,20) and [20,40), and an active one up to 50; batches of 20 KB and small ones. */
async function threeSegments() {
  const disk = new FakeDisk(3);
  const { log } = await openLog(disk);
  await fill(log, 20, { valueBytes: 20_000 });
  await log.roll(emptySnapshot);
  await fill(log, 40);
  await log.roll(emptySnapshot);
  await fill(log, 50);
  await log.sync();
  return { disk, log };
}

/** As `toEqual`, which takes seconds for a megabyte. */
const isSameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

const isSame = (a: ReadonlyMap<string, Uint8Array>, b: ReadonlyMap<string, Uint8Array>): boolean =>
  a.size === b.size && [...a].every(([path, bytes]) => isSameBytes(bytes, b.get(path)));

/** One round; milliseconds that it paused, and bytes that it read. */
async function round(log: PartitionLog): Promise<{ pausedMs: number; bytes: number }> {
  const clock = new ManualClock();
  const scrubber = new Scrubber(() => [log], new ScrubSchedule(1_000_000, clock.nowMs), clock);
  let pausedMs = 0;
  while (scrubber.rounds === 0) {
    const ms = await scrubber.step();
    if (scrubber.rounds === 0) pausedMs += ms;
  }
  return { pausedMs, bytes: scrubber.bytesRead };
}

it('reads every byte once, at its rate, and finds nothing where nothing is', async () => {
  const { disk, log } = await threeSegments();
  const before = new Map(disk.files());
  const { pausedMs, bytes } = await round(log);
  expect(bytes).toBeGreaterThanOrEqual(log.bytes);
  // The end of a window may hold part of a batch, which is read again.
  expect(bytes).toBeLessThan(1.6 * log.bytes);
  expect(pausedMs).toBeGreaterThanOrEqual(bytes / 1_000);
  expect(log.rot).toEqual([]);
  expect(isSame(disk.files(), before)).toBe(true);
});

it.each([
  ['a payload', 0, 45_000, 3, [2, 3], 'crc'],
  ['a payload in the active segment', 40, 250, 3, [42, 43], 'crc'],
  ['a length', 20, 9, 0, [20, 21], 'truncated'],
  ['a base offset', 20, 5, 1, [20, 21], 'base offset'],
  ['a leader epoch', 20, 13, 1, [20, 21], 'leader epoch'],
] as const)('finds a bit in %s, and readers jump it', async (_, base, at, bit, range, reason) => {
  const { disk, log } = await threeSegments();
  const { batches: all } = await readAll(log);
  disk.flipBit(file(base, 'log'), at, bit);
  await round(log);
  expect(log.rot.map(({ from, to }) => [from, to])).toEqual([range]);
  expect(log.rot[0]?.reason).toBe(reason);
  await round(log);
  expect(log.rot).toHaveLength(1);
  const { batches } = await readAll(log);
  // The newest are read from memory, where nothing rots.
  const changed = [...batches].filter(([from, bytes]) => !isSameBytes(bytes, all.get(from)));
  expect(changed.map(([from]) => from)).toEqual([]);
  const again = (await openStorage(disk)).logs[0] as PartitionLog;
  expect(again.rot.map(({ from, to }) => [from, to])).toEqual([range]);
});

it.each(['digest', 'index', 'timeindex'] as const)('writes a rotten .%s anew', async (suffix) => {
  const { disk, log } = await threeSegments();
  const right = disk.files().get(file(20, suffix)) as Uint8Array;
  disk.flipBit(file(20, suffix), 5, 2);
  await round(log);
  expect(disk.files().get(file(20, suffix))).toEqual(right);
  disk.remove(file(20, suffix));
  await round(log);
  expect(disk.files().get(file(20, suffix))).toEqual(right);
  expect(log.rot).toEqual([]);
});

it('goes on where retention takes the segment that it reads', async () => {
  const { log } = await threeSegments();
  const clock = new ManualClock();
  const scrubber = new Scrubber(() => [log], new ScrubSchedule(1_000_000, clock.nowMs), clock);
  await scrubber.step();
  await log.advanceLogStart(log.segments()[1]?.baseOffset as never);
  while (scrubber.rounds === 0) await scrubber.step();
  expect(log.rot).toEqual([]);
});
