import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { nextVoterStep } from '../../../../src/core/replica/voter-changes.ts';
import { VoterSet, type Voter } from '../../../../src/core/replica/voter-set.ts';

const voter = (nodeId: number, role: Voter['role'] = 'data', disk = nodeId): Voter => ({
  ...{ nodeId, role },
  directoryId: uuid(`00000000-0000-4000-8000-00000000000${disk}`),
});

const setOf = (...ids: readonly number[]): VoterSet =>
  new VoterSet(ids.map((id) => voter(Math.abs(id), id < 0 ? 'witness' : 'data')));

/** Node 1 leads; `ready` have its log end, `live` help to commit. */
function step(current: VoterSet, wanted: VoterSet, ready: readonly number[], live = ready) {
  const next = nextVoterStep(wanted, {
    ...{ self: voter(1), current },
    minInsyncReplicas: (data) => (data >= 3 ? 2 : 1),
    isLive: ({ nodeId }) => live.includes(nodeId),
    hasCaughtUp: ({ nodeId }) => ready.includes(nodeId),
  });
  if (next?.type !== 'append') return next?.type;
  return next.voters.voters.map(({ nodeId }) => nodeId);
}

describe('nextVoterStep (V1)', () => {
  it('grows by one at a time, data before witnesses, who has caught up first', () => {
    expect(step(setOf(1), setOf(1, 2, 3), [2, 3])).toEqual([1, 2]);
    expect(step(setOf(1), setOf(1, 2, 3), [3])).toEqual([1, 3]);
    expect(step(setOf(1), setOf(1, -3, 2), [2, 3])).toEqual([1, 2]);
    expect(step(setOf(1), setOf(1, 2), [])).toBeUndefined();
    expect(step(setOf(1, 2), setOf(2, 1), [2])).toBeUndefined();
  });

  it('lets nobody go before its successor is there', () => {
    expect(step(setOf(1, 2, 3), setOf(1, 2, 4), [4], [2, 3, 4])).toEqual([1, 2, 3, 4]);
    expect(step(setOf(1, 2, 3), setOf(1, 2, 4), [], [2, 3])).toBeUndefined();
    expect(step(setOf(1, 2, 3, 4), setOf(1, 2, 4), [2, 3, 4])).toEqual([1, 2, 4]);
  });

  it('replaces a disk: the old voter goes once the new one has caught up', () => {
    const wanted = new VoterSet([voter(1), voter(2, 'data', 9), voter(3)]);
    expect(step(setOf(1, 2, 3), wanted, [2], [3])).toEqual([1, 3]);
    expect(step(setOf(1, 2, 3), wanted, [], [3])).toBeUndefined();
    expect(step(setOf(1, 3), wanted, [2], [2, 3])).toEqual([1, 3, 2]);
  });

  it('makes no set that could not commit', () => {
    expect(step(setOf(1, 2, 3), setOf(1, 2), [], [3])).toBeUndefined();
    expect(step(setOf(1, 2, 3), setOf(1, 2), [], [2])).toEqual([1, 2]);
    expect(step(setOf(1, 2), setOf(1, 2, 3), [3], [])).toBeUndefined();
  });

  it('hands over when nothing is left but its own removal', () => {
    expect(step(setOf(1, 2), setOf(2), [], [2])).toBe('handOver');
    expect(step(setOf(1, 2), setOf(2), [], [])).toBeUndefined();
    expect(step(setOf(1, 2, 3), setOf(2), [], [2, 3])).toEqual([1, 2]);
  });
});
