import { describe, expect, it } from 'vitest';
import { leaderEpoch, logGeneration, logId, offset, uuid } from '../../../src/base/brand.ts';
import type { Effect, VoteRecord } from '../../../src/core/effect.ts';
import type { StorageEffect } from '../../../src/core/storage-orders.ts';
import type { VoteAnswer } from '../../../src/core/replica/peer-call.ts';
import { VoterHistory, VoterSet } from '../../../src/core/replica/voter-set.ts';
import { LeaderEpochCache } from '../../../src/core/replica/leader-epoch-cache.ts';
import { WitnessReplica } from '../../../src/core/witness-replica.ts';
import { witnessRange } from '../../../src/core/witness-range.ts';
import type { WitnessState } from '../../../src/ports/witness-state.ts';
import { at } from './partition-world.ts';

const idOf = (nodeId: number) => ({
  ...{ nodeId, directoryId: uuid(`0e8f1a52-9a53-4a55-8f30-00000000000${nodeId}`) },
});
const setOf = (...nodeIds: number[]): VoterSet =>
  new VoterSet(
    nodeIds.map((nodeId) => ({ ...idOf(nodeId), role: nodeId === 3 ? 'witness' : 'data' })),
  );
const epochsOf = (...starts: (readonly [number, number])[]) =>
  starts.map(([epoch, startOffset]) => ({
    ...{ leaderEpoch: leaderEpoch(epoch), startOffset: offset(startOffset) },
  }));

const stateOf = (more: Partial<WitnessState> = {}): WitnessState => ({
  ...{ logStartOffset: offset(0), endOffset: offset(0), epochStarts: [] },
  voters: [{ from: offset(0), voters: setOf(1, 2, 3).voters }],
  epochBeforeStart: leaderEpoch(0),
  ...more,
});

type StoreWitness = Extract<StorageEffect, { type: 'StoreWitness' }>;

class World {
  readonly votes: VoteRecord[] = [];
  readonly stores: StoreWitness[] = [];
  changes = 0;
  readonly witness: WitnessReplica;

  constructor(state = stateOf(), vote?: { epoch: number; votedFor: number }) {
    this.witness = new WitnessReplica({
      ...{ logId: logId(-1), topic: 'sensors', topicId: idOf(9).directoryId, partition: 0 },
      ...{ self: idOf(3), state, now: () => at(0) },
      vote: vote && {
        leaderEpoch: leaderEpoch(vote.epoch),
        votedFor: idOf(vote.votedFor).directoryId,
      },
      settings: { fetchTimeoutMs: 1_000, replicaLagTimeMaxMs: 1_000, minInsyncReplicas: () => 1 },
      random: { next: () => 0.5, uuid: () => idOf(3).directoryId },
      port: {
        emit: (effect: Effect) => {
          if (effect.type === 'StoreWitness') this.stores.push(effect);
        },
        persistVote: (record) => this.votes.push(record),
        heardAt: () => undefined,
        isStopping: () => false,
        highWatermarkMoved: () => undefined,
        leaderChanged: () => undefined,
        changed: () => this.changes++,
        peers: { askVote: never, beginEpoch: never, endEpoch: never },
      },
    });
  }

  follow(epoch: number, leaderId = 1): this {
    this.witness.replica.leaderTold(leaderEpoch(epoch), leaderId, at(0).monotonicMs);
    return this;
  }

  /** Its leader's log, as far as it is offered. */
  take(to: number, starts: ReturnType<typeof epochsOf>, voters?: VoterHistory): boolean {
    const history = voters ?? new VoterHistory(setOf(1, 2, 3), offset(0));
    const from = this.witness.logEndOffset;
    const epochs = new LeaderEpochCache(starts);
    return this.witness.appendWitnessed(witnessRange(epochs, history, { from, to: offset(to) }));
  }

  /** The disk has done what was ordered first. */
  storeNext(): void {
    const stored = this.stores.shift();
    if (stored !== undefined) this.witness.stored(stored.generation, stored.state.endOffset);
  }

  get asked() {
    return this.witness.replica.fetchRequest();
  }

  /** What a candidate is answered, once the vote is durable. */
  vote(request: { epoch: number; lastEpoch: number; end: number; isPreVote?: boolean }) {
    const answers: VoteAnswer[] = [];
    const { epoch, lastEpoch, end, isPreVote = false } = request;
    this.witness.replica.voteRequested(
      {
        ...{ candidate: idOf(2), voter: idOf(3), isPreVote },
        ...{ leaderEpoch: leaderEpoch(epoch), lastEpoch: leaderEpoch(lastEpoch) },
        logEndOffset: offset(end),
      },
      at(5_000).monotonicMs,
      (answer) => answers.push(answer),
    );
    for (const record of this.votes.splice(0)) this.witness.votePersisted(record);
    return answers[0]?.isGranted;
  }
}

const never = (): never => {
  throw new Error('a witness asks for nothing');
};

describe('a witness (V3)', () => {
  it('says how far it is only when that is stored', () => {
    const world = new World().follow(1);
    expect(world.take(5, epochsOf([1, 0]))).toBe(true);
    expect(world.take(8, epochsOf([1, 0]))).toBe(true);
    expect(world.asked).toMatchObject({ fetchOffset: 8, lastFetchedEpoch: 1, persistedOffset: 0 });
    expect(world.asked?.role).toBe('witness');
    world.storeNext();
    expect(world.asked?.persistedOffset).toBe(5);
    world.storeNext();
    expect(world.asked?.persistedOffset).toBe(8);
    expect(world.changes).toBe(4);
  });

  it('begins where it was stored, with the epochs and voters of then', () => {
    const before = new World().follow(4);
    const voters = new VoterHistory(setOf(1, 2, 3), offset(0));
    voters.appended(setOf(1, 3), offset(6));
    before.take(9, epochsOf([1, 0], [4, 5]), voters);
    const state = before.stores.at(-1)?.state;
    const { witness } = new World(state);
    expect([witness.logEndOffset, witness.replica.leaderEpoch]).toEqual([9, 4]);
    expect(witness.replicaIds).toEqual([1]);
    expect(witness.replica.fetchRequest()?.persistedOffset).toBe(9);
  });

  it('cuts to its leader, voters too, and takes no answer of before the cut', () => {
    const world = new World().follow(1);
    const voters = new VoterHistory(setOf(1, 2, 3), offset(0));
    voters.appended(setOf(2, 3), offset(7));
    world.take(9, epochsOf([1, 0]), voters);
    world.follow(2, 2);
    const end = { leaderEpoch: leaderEpoch(1), endOffset: offset(4) };
    expect(world.witness.replica.diverged(leaderEpoch(2), end)).toBe(true);
    expect(world.witness.logEndOffset).toBe(4);
    expect(world.witness.replicaIds).toEqual([1, 2]);
    world.take(6, epochsOf([1, 0], [2, 4]));
    world.storeNext();
    // It had stored 9 of the log that it has left; of this one it has nothing yet.
    expect(world.asked?.persistedOffset).toBe(0);
    expect(world.stores.map(({ generation }) => generation)).toEqual([1, 1].map(logGeneration));
    expect(world.stores[0]?.state).toMatchObject({ endOffset: 4, voters: [{ from: 0 }] });
    world.storeNext();
    expect(world.asked?.persistedOffset).toBe(4);
    world.storeNext();
    expect(world.asked).toMatchObject({ persistedOffset: 6, lastFetchedEpoch: 2 });
  });

  it('begins anew above its end, and says nothing before that is stored', () => {
    const world = new World().follow(7);
    const start = { logStartOffset: offset(50), epochBefore: leaderEpoch(6), voters: setOf(2, 3) };
    expect(world.witness.replica.belowStart(leaderEpoch(7), start, start.logStartOffset)).toBe(
      true,
    );
    expect(world.asked).toMatchObject({ fetchOffset: 50, lastFetchedEpoch: 6, persistedOffset: 0 });
    world.storeNext();
    expect(world.asked?.persistedOffset).toBe(50);
    expect(world.witness.replicaIds).toEqual([2]);
    // It goes on in the epoch before its start, which begins below it in its leader's log.
    expect(world.take(60, epochsOf([6, 40], [7, 55]))).toBe(true);
    expect(world.stores.at(-1)?.state.epochStarts).toEqual(epochsOf([6, 50], [7, 55]));
  });

  it('forgets epochs below its log start, never above what is committed', () => {
    const world = new World().follow(3);
    world.take(30, epochsOf([1, 0], [2, 10], [3, 20]));
    world.witness.replica.leaderHighWatermark(leaderEpoch(3), offset(15));
    world.witness.leaderLogStart(offset(25));
    const { logStartOffset, epochStarts, epochBeforeStart } = world.stores.at(-1)?.state ?? {};
    expect([logStartOffset, epochBeforeStart]).toEqual([15, 2]);
    expect(epochStarts).toEqual(epochsOf([2, 15], [3, 20]));
    const stores = world.stores.length;
    world.witness.leaderLogStart(offset(15));
    expect(world.stores.length).toBe(stores);
  });

  it('keeps nothing of a range that does not fit, and no records', () => {
    const world = new World().follow(1);
    expect(world.take(5, epochsOf([2, 0]))).toBe(false);
    expect(world.witness.appendFetched()).toBe(false);
    expect([world.witness.logEndOffset, world.stores.length]).toEqual([0, 0]);
  });

  it('votes for whoever is as new as it, and for nobody older', () => {
    const state = stateOf({ endOffset: offset(9), epochStarts: epochsOf([1, 0], [3, 5]) });
    expect(new World(state).vote({ epoch: 4, lastEpoch: 3, end: 9 })).toBe(true);
    expect(new World(state).vote({ epoch: 4, lastEpoch: 3, end: 8 })).toBe(false);
    expect(new World(state).vote({ epoch: 4, lastEpoch: 2, end: 99 })).toBe(false);
    expect(new World(state).vote({ epoch: 3, lastEpoch: 3, end: 9, isPreVote: true })).toBe(true);
    const voted = new World(state, { epoch: 4, votedFor: 1 });
    expect(voted.vote({ epoch: 4, lastEpoch: 3, end: 9 })).toBe(false);
    expect(voted.vote({ epoch: 5, lastEpoch: 3, end: 9 })).toBe(true);
  });

  it('never campaigns, however long it hears nothing', () => {
    const { witness } = new World();
    expect(witness.replica.nextDeadline()).toBeUndefined();
    witness.replica.tick(at(1_000_000).monotonicMs);
    expect(witness.replica.isLeader).toBe(false);
  });
});
