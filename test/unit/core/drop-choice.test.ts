import { describe, expect, it } from 'vitest';
import { logId, offset, timestampMs } from '../../../src/base/brand.ts';
import { chooseDrops, type DroppableLog } from '../../../src/core/drop-choice.ts';

/** Segments of ten offsets and 100 bytes; the last one is active. */
function log(id: number, timestamps: readonly number[], more: Partial<DroppableLog> = {}) {
  const segments = timestamps.map((maxTimestamp, i) => ({
    ...{ baseOffset: offset(10 * i), endOffset: offset(10 * i + 10) },
    ...{ bytes: 100, maxTimestamp: timestampMs(maxTimestamp) },
  }));
  const committedTo = offset(10 * timestamps.length);
  return { logId: logId(id), forwardedTo: offset(0), committedTo, segments, ...more };
}

const chosen = (logs: readonly DroppableLog[], wanted: number) =>
  Object.fromEntries(chooseDrops(logs, wanted));

describe('chooseDrops (L10)', () => {
  it.each([
    [0, {}],
    [1, { 0: 10 }],
    [100, { 0: 10 }],
    [101, { 0: 20 }],
    [200, { 0: 20 }],
    [999, { 0: 20 }],
  ])('gives up whole segments for %i bytes, never the active one', (wanted, expected) => {
    expect(chosen([log(0, [1, 2, 3])], wanted)).toEqual(expected);
  });

  it('takes the oldest over all logs, each from its front', () => {
    const logs = [log(0, [5, 1, 9]), log(1, [3, 6, 9])];
    expect(chosen(logs, 100)).toEqual({ 1: 10 });
    expect(chosen(logs, 300)).toEqual({ 0: 20, 1: 10 });
  });

  it('takes what is forwarded first, however new it is', () => {
    const logs = [log(0, [1, 2, 3]), log(1, [7, 8, 9], { forwardedTo: offset(19) })];
    expect(chosen(logs, 100)).toEqual({ 1: 10 });
    expect(chosen(logs, 200)).toEqual({ 0: 10, 1: 10 });
  });

  it('keeps the last forwarded batch among the forwarded ones, and all that is not committed', () => {
    const atEnd = log(0, [1, 2, 3], { forwardedTo: offset(10), committedTo: offset(15) });
    expect(chosen([atEnd], 999)).toEqual({ 0: 10 });
  });

  it('leaves no hole in front of the next segment', () => {
    const holed = log(0, [1, 2]);
    const segments = holed.segments.map((one, i) =>
      i === 0 ? one : { ...one, baseOffset: offset(14), endOffset: offset(20) },
    );
    expect(chosen([{ ...holed, segments }], 1)).toEqual({ 0: 14 });
  });

  it('takes segments of control batches alone with what follows them', () => {
    expect(chosen([log(0, [-1, 2, 3])], 101)).toEqual({ 0: 20 });
  });
});
