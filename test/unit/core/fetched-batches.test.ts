import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../../src/base/brand.ts';
import { concatBytes } from '../../../src/base/bytes.ts';
import { fetchedBatches } from '../../../src/core/fetched-batches.ts';
import { makeBatch } from '../log/log-fixture.ts';

const end = { logEndOffset: offset(4), lastEpoch: leaderEpoch(0), leaderEpoch: leaderEpoch(9) };
const taken = (...bases: readonly number[]) => {
  const bytes = concatBytes(bases.map((base) => makeBatch({ base, records: 2 })));
  const { batches, isSound } = fetchedBatches(bytes, end);
  return { bases: batches.map(({ header }) => header.baseOffset), isSound };
};

describe('what a leader sends', () => {
  it('is taken where it goes on with the log', () => {
    expect(taken(4, 6, 8)).toEqual({ bases: [4, 6, 8], isSound: true });
  });

  it('ends in front of a hole: a log whose segments have one in the middle cannot be written', () => {
    expect(taken(4, 8)).toEqual({ bases: [4], isSound: false });
    expect(taken(6)).toEqual({ bases: [], isSound: false });
  });

  it('ends in front of what lies below', () => {
    expect(taken(2, 4)).toEqual({ bases: [], isSound: false });
  });
});
