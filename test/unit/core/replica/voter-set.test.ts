import { describe, expect, it } from 'vitest';
import { offset, uuid } from '../../../../src/base/brand.ts';
import { VoterHistory, VoterSet, type Voter } from '../../../../src/core/replica/voter-set.ts';

const voter = (nodeId: number, disk = nodeId, role: Voter['role'] = 'data'): Voter => ({
  nodeId,
  directoryId: uuid(`00000000-0000-4000-8000-00000000000${disk}`),
  role,
});
const one = new VoterSet([voter(1)]);
const two = new VoterSet([voter(1), voter(2)]);
const three = new VoterSet([voter(1), voter(2), voter(3, 3, 'witness')]);

describe('VoterSet', () => {
  it('needs more than half', () => {
    expect([one, two, three].map(({ majority }) => majority)).toEqual([1, 2, 2]);
  });

  it('knows a node with another disk for another voter', () => {
    expect(two.find(voter(2))).toBeDefined();
    expect(two.find(voter(2, 9))).toBeUndefined();
  });

  it('changes by one voter at a time (V1)', () => {
    expect(one.isOneStepTo(two)).toBe(true);
    expect(two.isOneStepTo(one)).toBe(true);
    expect(one.isOneStepTo(three)).toBe(false);
    expect(two.isOneStepTo(two)).toBe(false);
    // A new disk is a removal and an addition: majorities of {1, 2} and {1, 2'} may be disjoint.
    expect(two.isOneStepTo(new VoterSet([voter(1), voter(2, 9)]))).toBe(false);
    expect(two.isOneStepTo(new VoterSet([voter(1), voter(2, 2, 'witness')]))).toBe(false);
  });
});

describe('VoterHistory', () => {
  it('is in force from the append, and undone by truncation', () => {
    const history = new VoterHistory(one, offset(0));
    history.appended(two, offset(10));
    history.appended(three, offset(20));
    expect(history.current).toBe(three);
    expect([history.at(offset(9)), history.at(offset(10))]).toEqual([one, two]);
    history.truncated(offset(20));
    expect(history.current).toBe(two);
    history.truncated(offset(0));
    expect(history.current).toBe(one);
  });

  it('takes in what was recorded where a hole was', () => {
    const history = new VoterHistory(one, offset(5));
    history.appended(three, offset(20));
    const known = { from: offset(20), set: three };
    history.learned([{ from: offset(4), set: three }, { from: offset(10), set: two }, known]);
    expect(history.sets.map(({ from }) => from)).toEqual([5, 10, 20]);
    expect(history.at(offset(10))).toBe(two);
    history.truncated(offset(20));
    history.learned([known]);
    expect(history.current).toBe(three);
  });
});
