import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../../../src/base/brand.ts';
import { Waiters } from '../../../../src/core/produce/waiters.ts';

const waitersWith = (...waits: [epoch: number, end: number][]) => {
  const released: number[] = [];
  const waiters = new Waiters();
  for (const [epoch, end] of waits) {
    waiters.add({
      leaderEpoch: leaderEpoch(epoch),
      endOffset: offset(end),
      settled: (isCommitted) => released.push(isCommitted ? end : -end),
    });
  }
  return { released, waiters };
};

describe('Waiters (C5)', () => {
  it('release in order up to the high watermark', () => {
    const { released, waiters } = waitersWith([5, 10], [5, 12], [5, 15]);
    waiters.highWatermarkMoved(leaderEpoch(5), offset(12));
    expect(released).toEqual([10, 12]);
    expect(waiters.length).toBe(1);
  });

  it('are not released by the high watermark of another leader epoch', () => {
    const { released, waiters } = waitersWith([5, 10]);
    waiters.highWatermarkMoved(leaderEpoch(6), offset(50));
    expect(released).toEqual([]);
  });

  it('go back when their epoch ends, in order, and once', () => {
    const { released, waiters } = waitersWith([5, 10], [5, 12]);
    waiters.highWatermarkMoved(leaderEpoch(5), offset(10));
    waiters.epochEnded();
    waiters.highWatermarkMoved(leaderEpoch(6), offset(50));
    expect(released).toEqual([10, -12]);
    expect(waiters.length).toBe(0);
  });
});
