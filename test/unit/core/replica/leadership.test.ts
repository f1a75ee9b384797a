import { describe, expect, it } from 'vitest';
import { leaderEpoch, monotonicMs, offset, uuid } from '../../../../src/base/brand.ts';
import { Leadership } from '../../../../src/core/replica/leadership.ts';
import { VoterHistory, VoterSet, type Voter } from '../../../../src/core/replica/voter-set.ts';
import { SimLog } from '../../../sim/sim-log.ts';

const voter = (nodeId: number, role: Voter['role']): Voter => ({
  ...{ nodeId, role },
  directoryId: uuid(`00000000-0000-4000-8000-00000000000${nodeId}`),
});
const [self, follower, witness] = [voter(1, 'data'), voter(2, 'data'), voter(3, 'witness')];

/** Asks for what is behind `end`, all of it fsynced. */
const requestOf = (replica: Voter, end: number, lastEpoch: number) => ({
  ...{ replica, fetchOffset: offset(end), persistedOffset: offset(end) },
  ...{ leaderEpoch: leaderEpoch(1), lastFetchedEpoch: leaderEpoch(lastEpoch) },
});

/** Two data voters and a witness; node 1 leads since 0 ms and has written its LeaderChange. */
function newLeadership() {
  const log = new SimLog();
  const voters = new VoterHistory(new VoterSet([self, follower, witness]), offset(0));
  const changes: boolean[] = [];
  const needed = { copies: 1 };
  const append = (): void => {
    log.append({ leaderEpoch: leaderEpoch(1), payload: 'x' });
    log.fsynced(log.generation, log.logEndOffset);
  };
  append();
  const leadership = new Leadership({
    ...{ self, log, leaderEpoch: leaderEpoch(1), now: monotonicMs(0) },
    voters,
    ...{ epochStartOffset: offset(0), highWatermark: offset(0) },
    ...{ replicaLagTimeMaxMs: 1_000, fetchTimeoutMs: 1_500 },
    minInsyncReplicas: () => needed.copies,
    heardAt: () => monotonicMs(0),
    inSyncChanged: (isIn) => changes.push(isIn),
  });
  const fetch = (replica: Voter, end: number, ms: number): boolean => {
    leadership.fetched(requestOf(replica, end, end > 0 ? 1 : 0), monotonicMs(ms));
    return leadership.changed(monotonicMs(ms));
  };
  return { leadership, append, fetch, changes, voters, needed };
}

describe('Leadership (C3, C4)', () => {
  it('does not wait for a data voter that refuses connections, though it had everything', () => {
    const { leadership, append, fetch } = newLeadership();
    fetch(follower, 1, 10);
    expect([leadership.inSync(), leadership.highWatermark]).toEqual([[1, 2], 1]);
    leadership.unreachable(2, monotonicMs(20));
    expect(leadership.inSync()).toEqual([1]);
    append();
    leadership.changed(monotonicMs(30));
    expect(fetch(witness, 2, 40)).toBe(true);
    expect(leadership.highWatermark).toBe(2);
  });

  it('goes by the copies that a record needs as soon as those are altered', () => {
    const { leadership, append, fetch, needed } = newLeadership();
    const isAtRisk = (): boolean => leadership.isAtRisk(monotonicMs(50));
    fetch(follower, 1, 10);
    fetch(witness, 1, 10);
    expect([isAtRisk(), leadership.hasEnoughReplicas]).toEqual([false, true]);
    needed.copies = 2;
    expect([isAtRisk(), leadership.hasEnoughReplicas]).toEqual([true, true]);
    leadership.unreachable(2, monotonicMs(20));
    append();
    expect([fetch(witness, 2, 40), leadership.hasEnoughReplicas]).toEqual([false, false]);
    needed.copies = 1;
    expect([leadership.changed(monotonicMs(50)), leadership.highWatermark]).toEqual([true, 2]);
  });

  it('has a whole successor when that one has fsynced the log end, or there is nobody', () => {
    const { leadership, append, fetch } = newLeadership();
    fetch(follower, 1, 10);
    expect([leadership.hasWholeSuccessor(), leadership.hasWholeSuccessor(2)]).toEqual([true, true]);
    append();
    expect([leadership.hasWholeSuccessor(), leadership.hasWholeSuccessor(2)]).toEqual([
      false,
      false,
    ]);
    leadership.unreachable(2, monotonicMs(20));
    expect(leadership.hasWholeSuccessor()).toBe(true);
  });

  it('is at risk while a witness is not heard, as while a copy is away', () => {
    const { leadership, fetch } = newLeadership();
    const isAtRisk = (ms: number): boolean => leadership.isAtRisk(monotonicMs(ms));
    expect(isAtRisk(10)).toBe(true);
    fetch(follower, 1, 20);
    fetch(witness, 1, 20);
    expect([isAtRisk(30), isAtRisk(1_519), isAtRisk(1_520)]).toEqual([false, false, true]);
  });

  it('says how each follower stands, and counts who leaves and comes back', () => {
    const { leadership, append, fetch, changes } = newLeadership();
    fetch(follower, 1, 10);
    append();
    leadership.changed(monotonicMs(20));
    expect(leadership.followers(monotonicMs(30))).toEqual([
      { ...{ nodeId: 2, role: 'data', isInSync: true }, persistedOffset: 1, lag: 1, silentMs: 20 },
      { ...{ nodeId: 3, role: 'witness', isInSync: false }, persistedOffset: 0, lag: 2 },
    ]);
    leadership.unreachable(2, monotonicMs(40));
    leadership.unreachable(2, monotonicMs(50));
    fetch(follower, 2, 60);
    expect(changes).toEqual([false, true]);
  });

  it('does not wait for a data voter that fell silent longer than the lag time', () => {
    const { leadership, append, fetch } = newLeadership();
    fetch(follower, 1, 10);
    append();
    leadership.changed(monotonicMs(20));
    leadership.tick(monotonicMs(1_010));
    expect(leadership.inSync()).toEqual([1]);
    fetch(witness, 2, 1_020);
    expect(leadership.highWatermark).toBe(2);
    fetch(follower, 2, 1_030);
    expect(leadership.inSync()).toEqual([1, 2]);
  });

  it('keeps a follower in sync that persists a little later than it fetches, all the time', () => {
    const { leadership, append, fetch } = newLeadership();
    for (let i = 0; i < 300; i++) {
      append();
      const end = Math.max(0, 1 + i - 3);
      fetch(follower, end, 10 * i);
      leadership.tick(monotonicMs(10 * i));
    }
    expect(leadership.inSync()).toEqual([1, 2]);
  });

  it('serves an empty log by the epoch before its start; any log must agree (KIP-595)', () => {
    const { leadership, append } = newLeadership();
    for (let i = 0; i < 3; i++) append();
    const ask = (lastEpoch: number, end = 2) =>
      leadership.fetched(requestOf(follower, end, lastEpoch), monotonicMs(10)).type;
    expect([ask(0, 0), ask(1), ask(0), ask(2)]).toEqual([
      ...['readable', 'readable', 'diverging', 'diverging'],
    ]);
    expect(ask(1, 9)).toBe('diverging');
  });

  it('never counts a new disk for the old one of its node (V1, V4)', () => {
    const { leadership, append } = newLeadership();
    append();
    const disk = { ...follower, directoryId: uuid('00000000-0000-4000-8000-000000000009') };
    leadership.fetched(requestOf(disk, 2, 1), monotonicMs(10));
    leadership.changed(monotonicMs(10));
    expect(leadership.progressOf(follower)?.persistedOffset).toBe(0);
    expect(leadership.progressOf(disk)?.persistedOffset).toBe(2);
    expect(leadership.highWatermark).toBe(0);
  });

  it('offers a witness that is none yet no more than one of the set (V3)', () => {
    const { leadership, append, fetch } = newLeadership();
    fetch(follower, 1, 10);
    append();
    const ask = (replica: Voter, role: Voter['role']) =>
      leadership.fetched({ ...requestOf(replica, 0, 0), role }, monotonicMs(10));
    expect(ask(voter(4, 'witness'), 'witness')).toMatchObject({ type: 'readable', to: 1 });
    expect(ask(voter(5, 'data'), 'data')).toMatchObject({ type: 'readable', to: 2 });
    expect(ask(witness, 'data')).toMatchObject({ type: 'refused', error: 'INVALID_REQUEST' });
  });

  it('tells a voter of its own removal when that is committed (V1)', () => {
    const { leadership, append, fetch, voters } = newLeadership();
    const offered = () => leadership.fetched(requestOf(follower, 0, 0), monotonicMs(30));
    fetch(follower, 1, 10);
    voters.appended(new VoterSet([self, witness]), offset(1));
    append();
    append();
    leadership.changed(monotonicMs(20));
    expect(offered()).toMatchObject({ type: 'readable', to: 1 });
    expect(fetch(witness, 3, 40)).toBe(true);
    expect(offered()).toMatchObject({ type: 'readable', to: 3 });
  });
});
