import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../../../src/base/brand.ts';
import type { ReplicaLog } from '../../../../src/core/replica/replica-log.ts';
import { hasOtherOfTwo, leastLogOf } from '../../../../src/core/replica/other-of-two.ts';
import { VoterHistory, VoterSet, type Voter } from '../../../../src/core/replica/voter-set.ts';
import { SimLog } from '../../../sim/sim-log.ts';
import { voter } from '../voters-world.ts';

const data = (nodeId: number): Voter => ({ ...voter(nodeId), role: 'data' });
const witness: Voter = { ...voter(3), role: 'witness' };
const self = voter(1);
const range = (from: number, to: number) => ({ from: offset(from), to: offset(to) });

/** Offsets 0 to 99, the second half of epoch 5, without these. */
function logWithout(...holes: readonly ReturnType<typeof range>[]): ReplicaLog {
  const log = new SimLog();
  return {
    ...{ logStartOffset: offset(0), logEndOffset: offset(100), persistedOffset: offset(100) },
    ...{ isWhole: false, lastEpoch: leaderEpoch(5), onlyHoles: holes },
    epochAt: (at) => leaderEpoch(at < 50 ? 4 : 5),
    endOffsetOf: (epoch) => log.endOffsetOf(epoch),
    ...{ truncateTo: () => undefined, resetTo: () => undefined },
  };
}

/** Sets from ever higher offsets on, the first from 0. */
function votersFrom(...sets: readonly (readonly [number, readonly Voter[]])[]): VoterHistory {
  const [[at, first] = [0, []], ...later] = sets;
  const voters = new VoterHistory(new VoterSet(first), offset(at));
  for (const [from, set] of later) voters.appended(new VoterSet(set), offset(from));
  return voters;
}

const pair = votersFrom([0, [data(1), data(2)]]);
const grown = votersFrom([0, [data(1)]], [60, [data(1), data(2)]]);
const anyLog = { lastEpoch: 0, logEndOffset: 0 };

describe('the vote of a replica with holes', () => {
  const least = (voters: VoterHistory, log = logWithout(range(10, 20)), candidate = voter(2)) =>
    leastLogOf(candidate, { self, voters, log });

  it('is for the other one of two data voters, which has all that is committed (C3)', () => {
    expect(least(pair)).toEqual(anyLog);
  });

  it('is for nobody where a third one votes, with whom something may be committed (V4)', () => {
    expect(least(votersFrom([0, [data(1), data(2), data(3)]]))).toBeUndefined();
    expect(least(votersFrom([0, [data(1), data(2), witness]]))).toBeUndefined();
  });

  it('is not for a witness, nor for another disk of the other one, nor for one that left', () => {
    expect(least(votersFrom([0, [data(1), witness]]), undefined, voter(3))).toBeUndefined();
    expect(least(pair, undefined, { ...voter(2), directoryId: voter(7).directoryId })).toBe(
      undefined,
    );
    expect(least(pair, undefined, voter(4))).toBeUndefined();
  });

  it('is not given by who does not vote', () => {
    expect(least(votersFrom([0, [data(2), data(4)]]))).toBeUndefined();
  });

  it('is for a log with the record that says that the two are all (V1)', () => {
    expect(least(grown)).toEqual({ lastEpoch: 5, logEndOffset: 61 });
    const shrunk = votersFrom([0, [data(1), data(2), data(3)]], [20, [data(1), data(2)]]);
    expect(least(shrunk, logWithout(range(10, 20)))).toEqual({ lastEpoch: 4, logEndOffset: 21 });
    expect(least(shrunk, logWithout(range(10, 21)))).toBeUndefined();
    expect(least(shrunk, logWithout(range(21, 30)))).toEqual({ lastEpoch: 4, logEndOffset: 21 });
  });

  it('is for nobody where more is missing than its holes', () => {
    expect(least(pair, { ...logWithout(), onlyHoles: undefined })).toBeUndefined();
  });
});

describe('a leader with holes', () => {
  const leadership = (inSync: readonly number[], persistedOffset: number | undefined) => ({
    inSync: () => [...inSync],
    progressOf: () =>
      persistedOffset === undefined
        ? undefined
        : { persistedOffset: offset(persistedOffset), fetchOffset: offset(persistedOffset) },
  });
  const has = (voters: VoterHistory, ...told: Parameters<typeof leadership>): boolean =>
    hasOtherOfTwo(leadership(...told), { self, voters, log: logWithout(range(10, 20)) });

  it('has the other one of two for its heir while that is in sync', () => {
    expect(has(pair, [1, 2], 100)).toBe(true);
    expect(has(pair, [1], 100)).toBe(false);
    expect(has(votersFrom([0, [data(1), data(2), data(3)]]), [1, 2], 100)).toBe(false);
  });

  it('has it once that has the record that says that the two are all', () => {
    expect(has(grown, [1, 2], undefined)).toBe(false);
    expect(has(grown, [1, 2], 60)).toBe(false);
    expect(has(grown, [1, 2], 61)).toBe(true);
  });
});
