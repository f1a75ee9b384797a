import { describe, expect, it } from 'vitest';
import { leaderEpoch, monotonicMs, uuid } from '../../../../src/base/brand.ts';
import { Ballot } from '../../../../src/core/replica/ballot.ts';

const a = uuid('00000000-0000-4000-8000-00000000000a');
const b = uuid('00000000-0000-4000-8000-00000000000b');
const now = monotonicMs(0);
const epoch = leaderEpoch;

describe('Ballot', () => {
  it('promises nothing before the vote is durable (L2)', () => {
    const ballot = new Ballot(undefined, epoch(0));
    ballot.enter(epoch(1));
    ballot.vote(a);
    let promises = 0;
    ballot.whenDurable(now, () => promises++);
    ballot.persisted({ leaderEpoch: epoch(1), votedFor: b }, now);
    expect(promises).toBe(0);
    ballot.persisted({ leaderEpoch: epoch(1), votedFor: a }, now);
    expect(promises).toBe(1);
    ballot.whenDurable(now, () => promises++);
    expect(promises).toBe(2);
  });

  it('takes back promises of an epoch that ended', () => {
    const ballot = new Ballot(undefined, epoch(0));
    ballot.enter(epoch(1));
    ballot.vote(a);
    const told: string[] = [];
    const lapse = (): void => void told.push(`lapsed in ${ballot.leaderEpoch}`);
    ballot.whenDurable(now, () => told.push('kept'), lapse);
    ballot.enter(epoch(2));
    ballot.persisted({ leaderEpoch: epoch(1), votedFor: a }, now);
    expect([told, ballot.hasVoted]).toEqual([['lapsed in 2'], false]);
  });

  it('takes back promises of a log that goes, but not the vote', () => {
    const ballot = new Ballot(undefined, epoch(0));
    ballot.enter(epoch(1));
    ballot.vote(a);
    const told: string[] = [];
    ballot.whenDurable(
      now,
      () => told.push('kept'),
      () => told.push('lapsed'),
    );
    ballot.withdraw();
    ballot.persisted({ leaderEpoch: epoch(1), votedFor: a }, now);
    expect([told, ballot.isFor(a)]).toEqual([['lapsed'], true]);
  });

  it('finds its vote again, and leads in no epoch that was on the disk (C1)', () => {
    const ballot = new Ballot({ leaderEpoch: epoch(5), votedFor: a }, epoch(4));
    expect([ballot.leaderEpoch, ballot.isFor(a), ballot.isNewEpoch]).toEqual([5, true, false]);
    ballot.enter(epoch(6));
    expect([ballot.isFor(a), ballot.isNewEpoch]).toEqual([false, true]);
  });

  it('has no vote left where the log is ahead of it', () => {
    const ballot = new Ballot({ leaderEpoch: epoch(5), votedFor: a }, epoch(7));
    expect([ballot.leaderEpoch, ballot.hasVoted, ballot.isNewEpoch]).toEqual([7, false, false]);
  });
});
