import { describe, expect, it } from 'vitest';
import { offset } from '../../../src/base/brand.ts';
import { setBigInt64, setInt32 } from '../../../src/base/bytes.ts';
import { scanSegment } from '../../../src/log/segment-scan.ts';
import { batchPosition, computeBatchCrc } from '../../../src/wire/kafka/record-batch-header.ts';
import { makeBatch } from './log-fixture.ts';

/** A batch that spans `span` offsets, as of many records in few bytes. */
function batchOf(base: number, span = 2): Uint8Array {
  const batch = makeBatch({ base, records: 2 });
  setInt32(batch, batchPosition.lastOffsetDelta, span - 1);
  setInt32(batch, batchPosition.crc, computeBatchCrc(batch, 0, batch.length));
  return batch;
}

/** Batches one behind the other from offset 20, each spanning as many offsets as told. */
function batchesOf(...spans: readonly number[]): Uint8Array[] {
  let base = 20;
  return spans.map((span) => {
    const batch = batchOf(base, span);
    base += span;
    return batch;
  });
}

const setBase = (batch: Uint8Array | undefined, base: number): void =>
  setBigInt64(batch as Uint8Array, 0, BigInt(base));

const spoil = (batch: Uint8Array | undefined, at = 80): void => {
  (batch as Uint8Array)[at] = ((batch as Uint8Array)[at] as number) ^ 0x10;
};

/** Nothing in its header says anything but its length. */
const spoilHeader = (batch: Uint8Array | undefined): void => {
  for (const from of [batchPosition.lastOffsetDelta, batchPosition.recordCount]) {
    (batch as Uint8Array).fill(0x1b, from, from + 4);
  }
};

/** Base offsets that are kept, and the ranges that are bad. */
function scanned(batches: readonly Uint8Array[], end?: number) {
  const known = end === undefined ? {} : { end: offset(end) };
  const { batches: kept, bad } = scanSegment(Buffer.concat(batches), offset(20), known);
  return {
    kept: kept.map(({ baseOffset }) => baseOffset),
    bad: bad.map(({ from, to }) => [from, to]),
  };
}

describe('behind a bad batch', () => {
  it('a base offset that what follows contradicts is not believed', () => {
    for (const count of [3, 4, 5]) {
      const batches = batchesOf(...Array.from({ length: count }, () => 2));
      spoil(batches[0]);
      setBase(batches[1], 95);
      const kept = Array.from({ length: count - 2 }, (_, at) => 24 + 2 * at);
      expect(scanned(batches), String(count)).toEqual({ kept, bad: [[20, 24]] });
    }
  });

  it('nor is that of the second, where the first continues the bad one', () => {
    const batches = batchesOf(2, 2, 2, 2);
    spoil(batches[0]);
    setBase(batches[2], 95);
    expect(scanned(batches)).toEqual({
      kept: [22, 26],
      bad: [
        [20, 22],
        [24, 26],
      ],
    });
  });

  it('the log goes on, however many offsets the bad one took with it', () => {
    for (const spans of [
      [5_000, 2],
      [5_000, 5_000, 5_000],
    ]) {
      const batches = batchesOf(...spans);
      spoil(batches[0]);
      const { kept, bad } = scanned(batches);
      expect(kept).toEqual(spans.slice(1).map((_, at) => 5_020 + 5_000 * at));
      expect(bad).toEqual([[20, 5_020]]);
    }
  });

  it('what follows is kept where only the number of offsets is bad', () => {
    for (const count of [2, 3]) {
      const batches = batchesOf(...Array.from({ length: count }, () => 2));
      spoil(batches[0], batchPosition.lastOffsetDelta + 2);
      const { kept, bad } = scanned(batches);
      expect(kept).toEqual(count === 2 ? [22] : [22, 24]);
      expect(bad).toEqual([[20, 22]]);
    }
  });

  it('a base offset that only the bad one contradicts, with two of its fields, is not believed', () => {
    const batches = batchesOf(2, 2);
    spoil(batches[0]);
    setBase(batches[1], 23);
    expect(scanned(batches)).toEqual({ kept: [], bad: [[20, 23]] });
  });

  it('one that only what follows contradicts is not believed', () => {
    const batches = batchesOf(2, 2, 2, 2);
    spoilHeader(batches[0]);
    setBase(batches[1], 30);
    expect(scanned(batches)).toEqual({ kept: [24, 26], bad: [[20, 24]] });
  });

  it('nor is one of the last batch that the known end contradicts', () => {
    for (const base of [20, 23, 25, 30]) {
      const batches = batchesOf(2, 2, 2);
      spoilHeader(batches[0]);
      batches[1]?.fill(0x1b);
      setBase(batches[2], base);
      expect(scanned(batches, 26), String(base)).toEqual({ kept: [], bad: [[20, undefined]] });
    }
  });

  it('what is intact is kept behind batches of which nothing is left', () => {
    const batches = batchesOf(2, 2, 2);
    batches[0]?.fill(0x1b);
    batches[1]?.fill(0x1b);
    for (const end of [26, undefined]) {
      expect(scanned(batches, end)).toEqual({ kept: [24], bad: [[20, 24]] });
    }
  });

  it('and between two bad ones, if the header of the second bears it out', () => {
    const batches = batchesOf(2, 2, 2, 2);
    batches[0]?.fill(0x1b);
    spoil(batches[2]);
    const bad = [
      [20, 22],
      [24, 26],
    ];
    expect(scanned(batches)).toEqual({ kept: [22, 26], bad });
  });

  it('the last cannot lie lower than the sequences of its producer say', () => {
    for (const base of [23, 24]) {
      const batches = [20, 22, 24].map((at) =>
        makeBatch({ base: at, records: 2, producerId: 7n, sequence: 500 + at }),
      );
      batches[1]?.fill(0x1b);
      setBase(batches[2], base);
      expect(scanned(batches).kept, String(base)).toEqual(base === 24 ? [20, 24] : [20]);
    }
  });

  it('one bit in the length of a compressed batch takes no other with it', () => {
    const batches = batchesOf(5_000, 5_000, 5_000);
    spoil(batches[0], batchPosition.batchLength + 2);
    expect(scanned(batches)).toEqual({ kept: [5_020, 10_020], bad: [[20, 5_020]] });
    spoilHeader(batches[0]);
    expect(scanned(batches)).toEqual({ kept: [5_020, 10_020], bad: [[20, 5_020]] });
  });

  it('of two that contradict each other neither is believed, and the tail is no torn one', () => {
    const batches = batchesOf(2, 2, 2);
    batches[0]?.fill(0x1b);
    setBase(batches[2], 30);
    expect(scanned(batches)).toEqual({ kept: [], bad: [[20, 25]] });
    expect(scanned(batches, 26)).toEqual({
      kept: [22],
      bad: [
        [20, 22],
        [24, undefined],
      ],
    });
  });

  it('unless the durable mark is where one of them ends', () => {
    const batches = batchesOf(2, 2, 2);
    batches[0]?.fill(0x1b);
    setBase(batches[2], 30);
    const scan = scanSegment(Buffer.concat(batches), offset(20), { mark: offset(26) });
    expect(scan.batches.map(({ baseOffset }) => baseOffset)).toEqual([22]);
  });
});
