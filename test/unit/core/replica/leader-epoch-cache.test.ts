import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../../../src/base/brand.ts';
import { LeaderEpochCache } from '../../../../src/core/replica/leader-epoch-cache.ts';

const cache = () =>
  new LeaderEpochCache([
    { leaderEpoch: leaderEpoch(1), startOffset: offset(0) },
    { leaderEpoch: leaderEpoch(3), startOffset: offset(10) },
  ]);

describe('LeaderEpochCache', () => {
  it('answers where an epoch ended (KIP-101)', () => {
    expect(cache().endOffsetOf(leaderEpoch(1), offset(20))?.endOffset).toBe(10);
    expect(cache().endOffsetOf(leaderEpoch(3), offset(20))?.endOffset).toBe(20);
  });

  it('answers for an epoch it never saw with the one below (KIP-279)', () => {
    const answer = cache().endOffsetOf(leaderEpoch(2), offset(20));
    expect(answer).toEqual({ leaderEpoch: 1, endOffset: 10 });
    expect(cache().endOffsetOf(leaderEpoch(0), offset(20))).toBeUndefined();
  });

  it('knows which epoch wrote an offset', () => {
    expect(cache().epochAt(offset(9))).toBe(1);
    expect(cache().epochAt(offset(10))).toBe(3);
  });

  it('forgets an epoch that wrote nothing', () => {
    const epochs = cache();
    epochs.assign(leaderEpoch(4), offset(20));
    epochs.assign(leaderEpoch(5), offset(20));
    expect(epochs.epochAt(offset(20))).toBe(5);
    expect(epochs.endOffsetOf(leaderEpoch(4), offset(30))?.leaderEpoch).toBe(3);
  });

  it('refuses an epoch that goes back', () => {
    expect(() => cache().assign(leaderEpoch(2), offset(20))).toThrow(
      'leader epochs start in order',
    );
  });

  it('knows the epoch before its start, which ends there', () => {
    const cache = new LeaderEpochCache([], leaderEpoch(4));
    expect(cache.endOffsetOf(leaderEpoch(3), offset(100))).toBeUndefined();
    expect(cache.endOffsetOf(leaderEpoch(4), offset(100))).toEqual({
      ...{ leaderEpoch: 4, endOffset: 100 },
    });
    cache.assign(leaderEpoch(6), offset(100));
    expect(cache.endOffsetOf(leaderEpoch(5), offset(120))).toEqual({
      ...{ leaderEpoch: 4, endOffset: 100 },
    });
  });

  it('keeps the epoch of the last batch that a new log start took away', () => {
    const starts = [1, 3, 5].map((epoch) => ({
      ...{ leaderEpoch: leaderEpoch(epoch), startOffset: offset(10 * epoch) },
    }));
    const at = (logStart: number) => {
      const cache = new LeaderEpochCache(starts, leaderEpoch(0));
      cache.logStartAdvanced(offset(logStart));
      const ends = [1, 3, 5].map((epoch) => cache.endOffsetOf(leaderEpoch(epoch), offset(70)));
      return [cache.epochBefore, ...ends.map((end) => end?.endOffset)];
    };
    expect(at(10)).toEqual([0, 30, 50, 70]);
    expect(at(11)).toEqual([1, 30, 50, 70]);
    expect(at(30)).toEqual([1, 30, 50, 70]);
    expect(at(31)).toEqual([3, undefined, 50, 70]);
    expect(at(70)).toEqual([5, undefined, undefined, 70]);
  });

  it('takes the lowest offset that is known of each epoch when a hole is filled', () => {
    const start = (epoch: number, at: number) => ({
      ...{ leaderEpoch: leaderEpoch(epoch), startOffset: offset(at) },
    });
    const cache = new LeaderEpochCache([start(1, 0), start(5, 40), start(6, 50)]);
    cache.learned([start(1, 0), start(3, 20), start(5, 30), start(6, 55)]);
    expect(cache.starts).toEqual([start(1, 0), start(3, 20), start(5, 30), start(6, 50)]);
  });

  it('forgets what was cut', () => {
    const cache = new LeaderEpochCache([], leaderEpoch(0));
    cache.assign(leaderEpoch(1), offset(0));
    cache.assign(leaderEpoch(2), offset(10));
    cache.truncated(offset(10));
    expect(cache.latest).toEqual({ leaderEpoch: 1, startOffset: 0 });
  });
});
