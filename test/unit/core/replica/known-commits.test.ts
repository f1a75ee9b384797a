import { expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../../../src/base/brand.ts';
import { KnownCommits } from '../../../../src/core/replica/known-commits.ts';

const [one, two] = [leaderEpoch(1), leaderEpoch(2)];

it('has reached what the leader of an epoch said first, not what it says since', () => {
  const commits = new KnownCommits(offset(0));
  expect(commits.hasReached(one)).toBe(false);
  expect(commits.told(one, offset(10), offset(4))).toBe(true);
  expect(commits.hasReached(one)).toBe(false);
  expect(commits.told(one, offset(20), offset(10))).toBe(true);
  expect([commits.highWatermark, commits.hasReached(one)]).toEqual([10, true]);
  expect(commits.hasReached(two)).toBe(false);
});

it('never goes back (C6)', () => {
  const commits = new KnownCommits(offset(0));
  commits.told(one, offset(10), offset(10));
  expect(commits.told(two, offset(4), offset(4))).toBe(false);
  expect([commits.highWatermark, commits.hasReached(two)]).toEqual([10, true]);
});

it('has reached what it committed itself', () => {
  const commits = new KnownCommits(offset(0));
  commits.committed(two, offset(3));
  expect([commits.highWatermark, commits.hasReached(two)]).toEqual([3, true]);
  expect(() => commits.committed(two, offset(3))).toThrow('only rises');
});

it('begins anew behind what the leader had committed then, whatever a late answer says', () => {
  const commits = new KnownCommits(offset(0));
  commits.told(one, offset(3), offset(3));
  commits.beganAnew(one, offset(12));
  commits.told(one, offset(4), offset(10));
  expect(commits.hasReached(one)).toBe(false);
  commits.told(one, offset(14), offset(12));
  expect(commits.hasReached(one)).toBe(true);
});
