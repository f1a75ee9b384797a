import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset, uuid } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { LeaderEpochCache } from '../../../src/core/replica/leader-epoch-cache.ts';
import { VoterHistory, VoterSet } from '../../../src/core/replica/voter-set.ts';
import { readWitnessRange, witnessRange } from '../../../src/core/witness-range.ts';

const setOf = (...nodeIds: number[]): VoterSet =>
  new VoterSet(
    nodeIds.map((nodeId) => ({
      ...{ nodeId, role: nodeId === 3 ? ('witness' as const) : ('data' as const) },
      directoryId: uuid(`0e8f1a52-9a53-4a55-8f30-00000000000${nodeId}`),
    })),
  );
const epochsOf = (...starts: (readonly [number, number])[]) =>
  starts.map(([epoch, startOffset]) => ({
    ...{ leaderEpoch: leaderEpoch(epoch), startOffset: offset(startOffset) },
  }));

const epochs = new LeaderEpochCache(epochsOf([1, 0], [2, 10], [5, 20]), leaderEpoch(0));
const voters = new VoterHistory(setOf(1, 2), offset(0));
voters.appended(setOf(1, 2, 3), offset(11));
voters.appended(setOf(1, 3), offset(21));

const range = (from: number, to: number) =>
  witnessRange(epochs, voters, { from: offset(from), to: offset(to) });
const place = (logEndOffset: number, lastEpoch: number, leader = 9) => ({
  ...{ logEndOffset: offset(logEndOffset), lastEpoch: leaderEpoch(lastEpoch) },
  leaderEpoch: leaderEpoch(leader),
});

describe('what a witness is told (V3)', () => {
  it('has the epochs and voter sets that begin in the range, and no more', () => {
    const told = range(5, 21);
    expect(told.epochs).toEqual(epochsOf([2, 10], [5, 20]));
    const read = readWitnessRange(told, place(5, 1));
    expect(read?.epochs).toEqual(epochsOf([1, 5], [2, 10], [5, 20]));
    expect(read?.sets.map(({ from, set }) => [from, set.isSameAs(setOf(1, 2, 3))])).toEqual([
      [11, true],
    ]);
  });

  it('is the whole log for a witness that has nothing', () => {
    const read = readWitnessRange(range(0, 30), place(0, 0));
    expect(read?.epochs).toEqual(epochsOf([1, 0], [2, 10], [5, 20]));
    expect(read?.sets.map(({ from }) => from)).toEqual([11, 21]);
  });

  it('ends where an answer has as many steps as it may hold', () => {
    const max = limits.witnessStepsMax;
    const many = new LeaderEpochCache(
      epochsOf(...Array.from({ length: max + 1 }, (_, i) => [i + 1, i * 10] as const)),
    );
    const to = offset(max * 10 + 5);
    const told = witnessRange(many, new VoterHistory(setOf(1), offset(0)), { from: offset(0), to });
    expect([told.end, told.epochs.length]).toEqual([max * 10, max]);
    const rest = { from: told.end, to };
    const last = witnessRange(many, new VoterHistory(setOf(1), offset(0)), rest);
    expect([last.end, last.epochs.length]).toEqual([to, 1]);
  });

  it.for([
    ['ends where it began', range(5, 5), place(5, 1)],
    ['begins with no known epoch', range(5, 8), place(5, 0)],
    ['falls back to an older epoch', range(10, 15), place(10, 3)],
    ['has an epoch above its leader', range(15, 25), place(15, 2, 4)],
    ['has an epoch behind its end', { ...range(5, 15), end: offset(8) }, place(5, 1)],
    [
      'has epochs out of order',
      { ...range(5, 25), epochs: epochsOf([5, 20], [2, 22]) },
      place(5, 1),
    ],
    ['has voters below it', range(5, 25), place(15, 2)],
    [
      'has cut voters',
      { ...range(5, 15), records: range(5, 15).records.slice(0, -1) },
      place(5, 1),
    ],
    ['has spoilt voters', { ...range(5, 15), records: spoilt(range(5, 15).records) }, place(5, 1)],
  ] as const)('is refused as a whole if it %s', ([, told, at]) => {
    expect(readWitnessRange(told, at)).toBeUndefined();
  });
});

function spoilt(records: Uint8Array): Uint8Array {
  const copy = records.slice();
  copy[copy.length - 2] = (copy.at(-2) ?? 0) ^ 1;
  return copy;
}
