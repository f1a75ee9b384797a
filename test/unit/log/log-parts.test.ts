import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset, timestampMs, uuid } from '../../../src/base/brand.ts';
import { concatBytes, utf8Decode } from '../../../src/base/bytes.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/log/checkpoint-file.ts';
import { longestRise } from '../../../src/log/longest-rise.ts';
import { OffsetIndex } from '../../../src/log/offset-index.ts';
import {
  decodePartitionMetadata,
  encodePartitionMetadata,
} from '../../../src/log/partition-metadata.ts';
import { Reserve } from '../../../src/log/reserve.ts';
import { limits } from '../../../src/base/limits.ts';
import { retentionCandidate } from '../../../src/log/retention.ts';
import { scanSegment } from '../../../src/log/segment-scan.ts';
import { TimeIndex } from '../../../src/log/time-index.ts';
import { FakeDisk } from '../../fakes/fake-disk.ts';
import { makeBatch, openStorage } from './log-fixture.ts';

describe('OffsetIndex and TimeIndex', () => {
  it('find the last entry at or below', () => {
    const index = new OffsetIndex();
    for (let entry = 0; entry < 200; entry++) index.append(entry * 10 + 5, entry * 100);
    expect(index.floor(4)).toBe(-1);
    expect(index.floor(5)).toBe(0);
    expect(index.floor(14)).toBe(0);
    expect(index.floor(9_999)).toBe(199);
    const back = OffsetIndex.decode(index.encodeFrom(0), 1 << 20);
    expect(back?.count).toBe(200);
    expect(back?.position(7)).toBe(700);
    expect([...index.encodeFrom(0).subarray(0, 8)]).toEqual([0, 0, 0, 5, 0, 0, 0, 0]);
  });

  it('refuse files that cannot be true', () => {
    const index = new OffsetIndex();
    index.append(5, 10);
    index.append(9, 20);
    const bytes = index.encodeFrom(0);
    expect(OffsetIndex.decode(bytes.subarray(0, 15), 100)).toBeUndefined();
    expect(OffsetIndex.decode(bytes, 20)).toBeUndefined();
    expect(OffsetIndex.decode(concatBytes([bytes, bytes]), 100)).toBeUndefined();
  });

  it('take only rising timestamps', () => {
    const index = new TimeIndex();
    index.maybeAppend(-1, 0);
    index.maybeAppend(100, 3);
    index.maybeAppend(100, 4);
    index.maybeAppend(90, 5);
    index.maybeAppend(2 ** 41, 9);
    expect(index.count).toBe(2);
    expect(index.lastBelow(100)).toBe(-1);
    expect(index.lastBelow(101)).toBe(0);
    expect(index.lastBelow(2 ** 42)).toBe(1);
    expect(TimeIndex.decode(index.encodeFrom(0))?.timestamp(1)).toBe(2 ** 41);
    expect(index.encodeFrom(0).length).toBe(24);
  });
});

describe('the text files of Kafka', () => {
  it('have epochs and offsets in a checkpoint', () => {
    const starts = [
      { leaderEpoch: leaderEpoch(1), startOffset: offset(0) },
      { leaderEpoch: leaderEpoch(4), startOffset: offset(77) },
    ];
    expect(utf8Decode(encodeCheckpoint(starts))).toBe('0\n2\n1 0\n4 77\n');
    expect(decodeCheckpoint(encodeCheckpoint(starts))).toEqual(starts);
    expect(decodeCheckpoint(encodeCheckpoint(starts).subarray(0, 9))).toBeUndefined();
  });

  it('have topic ids in URL-safe base64', () => {
    const id = uuid('fbff0a3e-1f0e-4bdc-9a5f-ffeeddccbbaa');
    const text = Buffer.from('fbff0a3e1f0e4bdc9a5fffeeddccbbaa', 'hex').toString('base64url');
    expect(utf8Decode(encodePartitionMetadata(id))).toBe(`version: 0\ntopic_id: ${text}\n`);
    expect(decodePartitionMetadata(encodePartitionMetadata(id))).toBe(id);
    const zero = uuid('00000000-0000-0000-0000-000000000000');
    expect(decodePartitionMetadata(encodePartitionMetadata(zero))).toBe(zero);
  });
});

describe('longestRise', () => {
  it('never falls and is as long as can be', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 9 }), (values) => {
        const kept = [...longestRise(values)].sort((a, b) => a - b).map((index) => values[index]);
        expect([...kept].sort((a, b) => Number(a) - Number(b))).toEqual(kept);
        let best = 0;
        for (let mask = 0; mask < 1 << values.length; mask++) {
          const chosen = values.filter((_, index) => (mask >> index) & 1);
          if (chosen.every((v, i) => i === 0 || v >= (chosen[i - 1] as number))) {
            best = Math.max(best, chosen.length);
          }
        }
        expect(kept.length).toBe(best);
      }),
      { numRuns: 60 },
    );
  });
});

describe('scanSegment', () => {
  const batches = [0, 2, 4, 6].map((base) => makeBatch({ base, records: 2, epoch: 3 }));
  const size = (batches[0] as Uint8Array).length;

  it('loses only the batch that a flipped bit is in, wherever it is', () => {
    const whole = concatBytes(batches);
    for (let bit = size * 8; bit < size * 16; bit++) {
      const bytes = whole.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      const scan = scanSegment(bytes, offset(0));
      expect(scan.batches.map((batch) => batch.baseOffset)).toEqual([0, 4, 6]);
      expect(scan.bad.map(({ from, to, position }) => [from, to, position])).toEqual([
        [2, 4, size],
      ]);
    }
  });

  it('takes zeros for nothing', () => {
    const scan = scanSegment(concatBytes([...batches, new Uint8Array(500)]), offset(0));
    expect(scan.batches.length).toBe(4);
    expect(scan.bad.map(({ from, to }) => [from, to])).toEqual([[8, undefined]]);
  });
});

describe('retentionCandidate', () => {
  const set = limits.clockSetMs;
  const at = (ms: number) => timestampMs(set + ms);
  /** Segments of ten records and 100 bytes with these newest timestamps; the last is written to. */
  const segmentsOf = (...timestamps: readonly number[]) =>
    timestamps.map((timestamp, i) => ({
      baseOffset: offset(i * 10),
      endOffset: offset(i * 10 + 10),
      nextBaseOffset: offset(i * 10 + 10),
      bytes: 100,
      maxTimestamp: timestampMs(timestamp),
    }));
  const segments = segmentsOf(set, set + 1_000, set + 2_000, set + 2_001);
  const never = { retentionMs: -1, retentionBytes: -1, deletableTo: offset(1_000) };
  const policy = { ...never, retentionMs: 500 };

  it('lets whole old segments go, never the one that is written to', () => {
    expect(retentionCandidate(segments, 350, policy, at(400))).toBeUndefined();
    expect(retentionCandidate(segments, 350, policy, at(2_300))).toBe(20);
    expect(retentionCandidate(segments, 350, policy, at(9_000))).toBe(30);
    expect(retentionCandidate(segments, 350, policy, at(-9_000))).toBeUndefined();
  });

  it('gives a segment without a record no age of its own', () => {
    const [, ...rest] = segments;
    const [empty] = segmentsOf(-1);
    const last = segments[3] as (typeof segments)[number];
    expect(retentionCandidate([empty as typeof last, last], 350, policy, at(9_000))).toBe(
      undefined,
    );
    expect(retentionCandidate([empty as typeof last, ...rest], 350, policy, at(9_000))).toBe(30);
  });

  it('keeps at least the size asked for', () => {
    const bySize = { ...never, retentionBytes: 200 };
    expect(retentionCandidate(segments, 350, bySize, at(0))).toBe(10);
    expect(retentionCandidate(segments, 299, bySize, at(0))).toBeUndefined();
  });

  it('never passes what must be forwarded first', () => {
    const now = at(9_000);
    const atOnce = { ...never, retentionMs: 0 };
    const bound = (deletableTo: number | undefined) => ({
      ...atOnce,
      deletableTo: deletableTo === undefined ? undefined : offset(deletableTo),
    });
    expect(retentionCandidate(segments, 350, bound(undefined), now)).toBe(undefined);
    expect(retentionCandidate(segments, 350, bound(9), now)).toBe(undefined);
    expect(retentionCandidate(segments, 350, bound(25), now)).toBe(20);
    const infinite = { ...never, retentionMs: Infinity, retentionBytes: Infinity };
    expect(retentionCandidate(segments, 350, infinite, now)).toBeUndefined();
  });

  it('deletes nothing of a clock that stood in 1970 before what came after it is old', () => {
    const minutes = segmentsOf(10_000, 20_000, 30_000, 40_000);
    expect(retentionCandidate(minutes, 350, policy, timestampMs(50_000))).toBeUndefined();
    expect(retentionCandidate(minutes, 350, policy, at(0))).toBeUndefined();
    const later = [...minutes.slice(0, 3), ...segmentsOf(0, 0, 0, set, set + 10_000).slice(3)];
    expect(retentionCandidate(later, 350, policy, at(500))).toBeUndefined();
    expect(retentionCandidate(later, 350, policy, at(501))).toBe(40);
  });

  it('does not keep all for ever because of one timestamp in the future', () => {
    const ahead = segmentsOf(set, set + 1e12, set + 1_000, set + 2_000);
    expect(retentionCandidate(ahead, 350, policy, at(1_400))).toBe(10);
    expect(retentionCandidate(ahead, 350, policy, at(1_501))).toBe(30);
    const nothingBehind = segmentsOf(set, set + 1e12, set + 1e12);
    expect(retentionCandidate(nothingBehind, 350, policy, at(9_000))).toBe(10);
  });

  it('takes what was written before a jump for no older than the jump', () => {
    const jumped = {
      ...policy,
      beforeJump: { from: offset(10), to: offset(25), timestamp: at(100_000) },
    };
    expect(retentionCandidate(segments, 350, jumped, at(100_500))).toBe(10);
    expect(retentionCandidate(segments, 350, jumped, at(100_501))).toBe(30);
  });
});

describe('Reserve', () => {
  it('takes room, gives it back and takes it again when there is enough', async () => {
    const disk = new FakeDisk();
    disk.budgetBytes = 80_000;
    const reserve = await Reserve.open(disk, 64_000);
    expect(await reserve.refill()).toBe(true);
    expect(disk.files().get('reserve')?.length).toBe(10_000);
    expect((await Reserve.open(disk, 64_000)).isHeld).toBe(true);
    expect(await reserve.release()).toBe(true);
    expect(await reserve.release()).toBe(false);
    disk.plant('filler', new Uint8Array(68_000));
    expect(await reserve.refill()).toBe(false);
    expect(disk.files().get('reserve')?.length).toBe(0);
  });

  it('is given up in steps: who else fills the disk does not get all of it', async () => {
    const disk = new FakeDisk();
    disk.budgetBytes = 24 * 1024 * 1024;
    const reserve = await Reserve.open(disk, 3_000_000);
    const size = (): number => disk.files().get('reserve')?.length ?? 0;
    expect(await reserve.refill()).toBe(true);
    expect(await reserve.release()).toBe(true);
    expect([size(), reserve.missingBytes]).toEqual([3_000_000 - 1_048_576, 1_048_576]);
    expect(reserve.isMissed).toBe(true);
    const { freeBytes } = await disk.space();
    disk.plant('filler', new Uint8Array(freeBytes - reserve.wantedBytes + 1));
    expect(await reserve.refill()).toBe(false);
    expect(size()).toBe(3_000_000 - 1_048_576);
    disk.plant('filler', new Uint8Array(freeBytes - reserve.wantedBytes));
    expect(await reserve.refill()).toBe(true);
    expect([size(), reserve.missingBytes, reserve.isMissed]).toEqual([3_000_000, 0, false]);
  });

  it('is not there, and nothing worse, where the disk fills before its file is made', async () => {
    const dry = new FakeDisk();
    await (await Reserve.open(dry, 10_000)).refill();
    const disk = new FakeDisk();
    disk.failAt(dry.trace.indexOf('open') + 1, 'ENOSPC');
    const reserve = await Reserve.open(disk, 10_000);
    expect(await reserve.refill()).toBe(false);
    expect([disk.files().has('reserve'), reserve.missingBytes]).toEqual([false, 10_000]);
    expect(await reserve.refill()).toBe(true);
  });

  it('is missed after a start that finds neither it nor the room for it (L9)', async () => {
    const disk = new FakeDisk();
    disk.budgetBytes = 80_000;
    expect((await Reserve.open(disk, 10_000)).isMissed).toBe(false);
    disk.plant('filler', new Uint8Array(67_500));
    expect((await Reserve.open(disk, 10_000)).isMissed).toBe(false);
    disk.plant('filler', new Uint8Array(67_501));
    expect((await Reserve.open(disk, 10_000)).isMissed).toBe(true);
    disk.plant('reserve', new Uint8Array(10_000));
    expect((await Reserve.open(disk, 10_000)).isMissed).toBe(false);
  });

  it('lets a node start on a full disk', async () => {
    const disk = new FakeDisk();
    disk.budgetBytes = 100_000;
    const storage = await openStorage(disk, { reserveBytes: 10_000 });
    expect(await storage.reserve.refill()).toBe(true);
    const { freeBytes } = await disk.space();
    disk.plant('filler', new Uint8Array(freeBytes));
    disk.reboot('killed');
    const again = await openStorage(disk, { reserveBytes: 10_000 });
    expect(again.reserve.isHeld).toBe(false);
    expect(again.meta.startCounter).toBeGreaterThan(1);
  });

  it('is given up for the journal of a full disk (L9)', async () => {
    const disk = new FakeDisk();
    disk.budgetBytes = 100_000;
    const { journal, reserve } = await openStorage(disk, { reserveBytes: 10_000 });
    expect(await reserve.refill()).toBe(true);
    const { freeBytes } = await disk.space();
    disk.plant('filler', new Uint8Array(freeBytes));
    await journal.persistEntry('key', 'what retention needs to say');
    expect(reserve.isMissed).toBe(true);
  });
});
