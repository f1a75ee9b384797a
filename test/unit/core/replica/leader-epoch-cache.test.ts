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
});
