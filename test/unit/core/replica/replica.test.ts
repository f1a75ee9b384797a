import { describe, expect, it } from 'vitest';
import { leaderEpoch, monotonicMs, offset, uuid } from '../../../../src/base/brand.ts';
import type { StoredVote } from '../../../../src/core/replica/ballot.ts';
import type { VoteRequest } from '../../../../src/core/replica/peer-call.ts';
import { Replica } from '../../../../src/core/replica/replica.ts';
import type { ReplicaOptions, ReplicaPort } from '../../../../src/core/replica/replica-options.ts';
import { VoterHistory, VoterSet, type Voter } from '../../../../src/core/replica/voter-set.ts';
import { SimLog } from '../../../sim/sim-log.ts';

const directoryOf = (nodeId: number): string => `00000000-0000-4000-8000-00000000000${nodeId}`;

const voters: readonly Voter[] = [1, 2, 3].map((nodeId) => ({
  nodeId,
  directoryId: uuid(directoryOf(nodeId)),
  role: 'data',
}));

/** Replicas whose words arrive at once and are answered; nobody's log holds anything. */
class Trio {
  now = 0;
  readonly replicas = new Map<number, Replica>();
  /** Takes the votes of a disk that is slow. */
  votes: ((vote: StoredVote) => void) | undefined;

  start(nodeId: number, vote?: StoredVote): Replica {
    const self = voters[nodeId - 1] as Voter;
    const replica = new Replica({
      ...{ self, vote, log: new SimLog(), now: monotonicMs(this.now) },
      voters: new VoterHistory(new VoterSet(voters), offset(0)),
      settings: {
        ...{ fetchTimeoutMs: 1_500, replicaLagTimeMaxMs: 1_000 },
        minInsyncReplicas: () => 2,
      },
      random: { next: () => nodeId / 10, uuid: () => self.directoryId },
      heardAt: (id) => (this.replicas.has(id) ? monotonicMs(this.now) : undefined),
      port: this.#portOf(nodeId),
    });
    this.replicas.set(nodeId, replica);
    return replica;
  }

  /** Time goes on: followers fetch, timers fire. */
  run(ms: number): void {
    const end = this.now + ms;
    for (; this.now < end; this.now += 100) {
      const now = monotonicMs(this.now);
      for (const replica of this.replicas.values()) {
        const request = replica.fetchRequest();
        const leader = this.replicas.get(replica.leaderId ?? 0);
        if (request !== undefined) leader?.fetched(request, now);
        replica.tick(now);
      }
    }
  }

  #portOf(nodeId: number): ReplicaPort {
    const none = (): void => undefined;
    const replica = (): Replica => this.replicas.get(nodeId) as Replica;
    const now = () => monotonicMs(this.now);
    return {
      persistVote: (epoch, { directoryId: votedFor }) => {
        const vote = { leaderEpoch: epoch, votedFor };
        if (this.votes !== undefined) this.votes(vote);
        else queueMicrotask(() => replica().votePersisted(vote, now()));
      },
      askVote: (to, request) =>
        this.replicas
          .get(to)
          ?.voteRequested(request, now(), (answer) => replica().voteAnswered(answer, now())),
      beginEpoch: (to, begin) => void this.replicas.get(to)?.epochBegun(begin, now()),
      ...{ endEpoch: none, led: none, resigned: none, leaderChanged: none },
      ...{ highWatermarkMoved: none, appendVoters: none },
    };
  }
}

const silentPort: ReplicaPort = {
  ...{ persistVote: () => undefined, askVote: () => undefined, beginEpoch: () => undefined },
  ...{ endEpoch: () => undefined, led: () => undefined, resigned: () => undefined },
  ...{ leaderChanged: () => undefined, highWatermarkMoved: () => undefined },
  appendVoters: () => undefined,
};

/** Node 2 follows node 1 in leader epoch 5. */
function newFollower(
  heardAt: ReplicaOptions['heardAt'] = () => undefined,
  isStopping = () => false,
) {
  const log = new SimLog();
  const replica = new Replica({
    ...{ self: voters[1] as Voter, vote: undefined, log, now: monotonicMs(0), port: silentPort },
    voters: new VoterHistory(new VoterSet(voters), offset(0)),
    settings: { fetchTimeoutMs: 1_500, replicaLagTimeMaxMs: 1_000, minInsyncReplicas: () => 2 },
    random: { next: () => 0.5, uuid: () => uuid('') },
    ...{ heardAt, isStopping },
  });
  replica.epochBegun({ leaderId: 1, leaderEpoch: leaderEpoch(5) }, monotonicMs(0));
  return { replica, log };
}

/** @returns what the replica answers, as it comes: granted or not, its epoch, its leader. */
function askVote(replica: Replica, nodeId: number, epoch: number): unknown[] {
  const answers: unknown[] = [];
  const [candidate, voter] = [voters[nodeId - 1] as Voter, voters[1] as Voter];
  const log = { lastEpoch: leaderEpoch(0), logEndOffset: offset(0) };
  const request = { candidate, voter, leaderEpoch: leaderEpoch(epoch), isPreVote: false };
  replica.voteRequested({ ...request, ...log }, monotonicMs(0), (answer) => {
    answers.push([answer.isGranted, answer.leaderEpoch, answer.leaderId]);
  });
  return answers;
}

/** A cluster of one that voted in epoch 7 before it was stopped. */
function newLone(calls: string[]): Replica {
  const self = voters[0] as Voter;
  return new Replica({
    ...{ self, log: new SimLog(), now: monotonicMs(0), heardAt: () => undefined },
    vote: { leaderEpoch: leaderEpoch(7), votedFor: self.directoryId },
    voters: new VoterHistory(new VoterSet([self]), offset(0)),
    settings: { fetchTimeoutMs: 1_500, replicaLagTimeMaxMs: 1_000, minInsyncReplicas: () => 1 },
    random: { next: () => 0.5, uuid: () => uuid('') },
    port: {
      ...silentPort,
      persistVote: (epoch) => void calls.push(`vote ${epoch}`),
      led: (epoch) => void calls.push(`led ${epoch}`),
    },
  });
}

describe('Replica', () => {
  it('follows again though it stored a vote of its own in an epoch that nobody saw', async () => {
    const trio = new Trio();
    for (const { nodeId } of voters.slice(0, 2)) trio.start(nodeId);
    for (let i = 0; i < 30; i++) {
      trio.run(200);
      await Promise.resolve();
    }
    const [first, second] = [trio.replicas.get(1), trio.replicas.get(2)];
    const epoch = first?.leaderEpoch ?? 0;
    expect([first?.isLeader, second?.isLeader].filter(Boolean)).toHaveLength(1);
    const votedFor = voters[2]?.directoryId ?? uuid('');
    const third = trio.start(3, { leaderEpoch: leaderEpoch(epoch + 1), votedFor });
    for (let i = 0; i < 100; i++) {
      trio.run(200);
      await Promise.resolve();
    }
    expect(third.isLeader || third.leaderId !== undefined).toBe(true);
  });

  it("leads by an operator's word, however long its vote takes to be durable (V5, L2)", () => {
    const trio = new Trio();
    const replica = trio.start(1);
    const stored: StoredVote[] = [];
    trio.votes = (vote) => stored.push(vote);
    expect(replica.forceVoters(monotonicMs(0))).toBe(true);
    trio.run(20_000);
    expect([replica.isLeader, stored.length]).toEqual([false, 1]);
    replica.votePersisted(stored[0] as StoredVote, monotonicMs(trio.now));
    expect(replica.isLeader).toBe(true);
  });

  it('drops late words of a leader and refuses to cut what is committed (L4)', () => {
    const { replica, log } = newFollower();
    for (const epoch of [1, 1, 2]) log.append({ leaderEpoch: leaderEpoch(epoch), payload: 'x' });
    const end = { leaderEpoch: leaderEpoch(1), endOffset: offset(1) };
    replica.leaderHighWatermark(leaderEpoch(4), offset(3));
    expect([replica.highWatermark, replica.diverged(leaderEpoch(4), end)]).toEqual([0, true]);
    expect(log.logEndOffset).toBe(3);
    replica.leaderHighWatermark(leaderEpoch(5), offset(2));
    expect([replica.highWatermark, replica.diverged(leaderEpoch(5), end)]).toEqual([2, false]);
    const committed = { leaderEpoch: leaderEpoch(1), endOffset: offset(2) };
    expect([replica.diverged(leaderEpoch(5), committed), log.logEndOffset]).toEqual([true, 2]);
  });

  it('grants a pre-vote to its own leader, which leads no more, and to nobody else', () => {
    const { replica } = newFollower(() => monotonicMs(90));
    const ask = (nodeId: number): boolean | undefined => {
      let isGranted: boolean | undefined;
      const [candidate, voter] = [voters[nodeId - 1] as Voter, voters[1] as Voter];
      const request = { candidate, voter, leaderEpoch: leaderEpoch(5), isPreVote: true };
      const log = { lastEpoch: leaderEpoch(0), logEndOffset: offset(0) };
      replica.voteRequested({ ...request, ...log }, monotonicMs(100), (answer) => {
        ({ isGranted } = answer);
      });
      return isGranted;
    };
    expect([ask(3), ask(1), replica.leaderId]).toEqual([false, true, 1]);
  });

  it('tries again soon after a split vote', () => {
    const { replica } = newFollower();
    const end = { leaderId: 1, leaderEpoch: leaderEpoch(5), successors: [voters[1] as Voter] };
    replica.epochEnded(end, monotonicMs(0));
    const votedFor = uuid(directoryOf(2));
    replica.votePersisted({ leaderEpoch: leaderEpoch(6), votedFor }, monotonicMs(10));
    const whole = replica.nextDeadline() ?? 0;
    // The third voter is gone: it will never say no.
    const voter = voters[0] as Voter;
    const said = { askedEpoch: leaderEpoch(6), isPreVote: false, isGranted: false };
    const known = { leaderEpoch: leaderEpoch(6), leaderId: undefined };
    replica.voteAnswered({ voter, ...said, ...known }, monotonicMs(20));
    expect([whole, replica.nextDeadline()]).toEqual([2_250, 120]);
  });

  it('leaves the first successor of a leader that goes the time for a vote', () => {
    const { replica } = newFollower();
    const successors = [voters[2] as Voter, voters[1] as Voter];
    const end = { leaderId: 1, leaderEpoch: leaderEpoch(5), successors };
    replica.epochEnded(end, monotonicMs(0));
    expect([replica.leaderEpoch, replica.nextDeadline()]).toEqual([5, 300]);
  });

  it('waits long enough for a slow voter, though another one refuses at once', () => {
    let nowMs = 0;
    const later: { readonly atMs: number; readonly run: () => void }[] = [];
    const answerOf = (to: number, request: VoteRequest) => ({
      voter: voters[to - 1] as Voter,
      ...{ askedEpoch: request.leaderEpoch, isPreVote: request.isPreVote, isGranted: to === 1 },
      ...{ leaderEpoch: request.leaderEpoch, leaderId: undefined },
    });
    const replica: Replica = new Replica({
      ...{ self: voters[1] as Voter, vote: undefined, log: new SimLog(), now: monotonicMs(0) },
      voters: new VoterHistory(new VoterSet(voters), offset(0)),
      settings: { fetchTimeoutMs: 1_500, replicaLagTimeMaxMs: 1_000, minInsyncReplicas: () => 2 },
      random: { next: () => 0.5, uuid: () => uuid('') },
      heardAt: () => undefined,
      port: {
        ...silentPort,
        persistVote: (epoch, { directoryId: votedFor }) => {
          const vote = { leaderEpoch: epoch, votedFor };
          later.push({ atMs: nowMs, run: () => replica.votePersisted(vote, monotonicMs(nowMs)) });
        },
        askVote: (to, request) => {
          const run = () => replica.voteAnswered(answerOf(to, request), monotonicMs(nowMs));
          later.push({ atMs: nowMs + (to === 1 ? 500 : 10), run });
        },
      },
    });
    for (; nowMs < 10_000 && !replica.isLeader; nowMs += 10) {
      const due = later.filter(({ atMs }) => atMs <= nowMs);
      for (const each of due) later.splice(later.indexOf(each), 1);
      for (const { run } of due) run();
      replica.tick(monotonicMs(nowMs));
    }
    expect(replica.isLeader).toBe(true);
    // Node 1 is slow, not absent: some rounds, not hundreds.
    expect(replica.leaderEpoch).toBeLessThan(8);
  });

  it('campaigns soon itself when it refused its vote to a shorter log', () => {
    const { replica, log } = newFollower();
    log.append({ leaderEpoch: leaderEpoch(5), payload: 'x' });
    expect(askVote(replica, 3, 6)).toEqual([[false, 6, undefined]]);
    expect(replica.nextDeadline()).toBe(100);
  });

  it('answers a vote that it gave in an epoch that ended before it was durable', () => {
    const { replica } = newFollower();
    const first = askVote(replica, 3, 6);
    expect(first).toEqual([]);
    askVote(replica, 1, 7);
    expect(first).toEqual([[false, 7, undefined]]);
  });

  it('campaigns no more once its node is about to stop', () => {
    const { replica } = newFollower(undefined, () => true);
    const end = { leaderId: 1, leaderEpoch: leaderEpoch(5), successors: [voters[1] as Voter] };
    replica.epochEnded(end, monotonicMs(0));
    replica.tick(monotonicMs(60_000));
    expect([replica.leaderEpoch, replica.nextDeadline()]).toEqual([5, undefined]);
  });

  it('leads alone as soon as its vote is durable, in a new epoch, and waits for nothing', () => {
    const calls: string[] = [];
    const replica = newLone(calls);
    expect(replica.nextDeadline()).toBe(0);
    replica.tick(monotonicMs(0));
    expect([calls, replica.isLeader]).toEqual([['vote 8'], false]);
    const vote = { leaderEpoch: leaderEpoch(8), votedFor: uuid(directoryOf(1)) };
    replica.votePersisted(vote, monotonicMs(1));
    expect([calls.slice(1), replica.isLeader]).toEqual([['led 8'], true]);
    expect(replica.nextDeadline()).toBeUndefined();
  });
});
