import { describe, expect, it } from 'vitest';
import { leaderEpoch, logGeneration, logId, monotonicMs, offset } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/effect.ts';
import { LogState } from '../../../src/core/log-state.ts';
import { VoterSet } from '../../../src/core/replica/voter-set.ts';
import { emptyLog, newPartition } from './partition-world.ts';
import { makeBatch } from '../log/log-fixture.ts';
import { newFollower, newLeader, newObserver, voter } from './voters-world.ts';

const range = (from: number, to: number) => ({ from: offset(from), to: offset(to) });

function newLogState(logEndOffset = 0) {
  const orders: Effect[] = [];
  const recovered = emptyLog({ logEndOffset: offset(logEndOffset) });
  const log = new LogState(recovered, {
    logId: logId(0),
    segmentBytesMax: 1_000,
    emit: (effect) => orders.push(effect),
    appended: () => undefined,
    truncated: () => undefined,
    reset: () => undefined,
  });
  return { log, orders, recovered };
}

describe('rot in a partition', () => {
  it('is a hole that stays where there is one voter (L6)', () => {
    const { partition } = newPartition();
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect(partition.holes).toEqual([]);
    expect(partition.isLeader).toBe(true);
  });
});

describe('a log that began alone and grew', () => {
  const lost = { logEndOffset: offset(5), mustRefetch: [range(2, 4)] };

  it('has others fill the hole that the record of its voters is in (V1, V4)', () => {
    const voters = [1, 2, 3].map((nodeId) => ({ ...voter(nodeId), role: 'data' as const }));
    const recovered = emptyLog({ ...lost, voterRecords: [{ from: offset(2), voters }] });
    const { partition, votes, world } = newFollower([1], recovered);
    world.nowMs = 60_000;
    partition.tick();
    expect([votes, partition.holes]).toEqual([[], [range(2, 4)]]);
  });

  it('goes on alone if it is (L6)', () => {
    const { partition, votes } = newFollower([1], emptyLog(lost));
    expect(partition.holes).toEqual([]);
    expect(votes).toHaveLength(1);
  });
});

describe('rot in a copy that does not vote', () => {
  it('is a hole that the only voter fills, before the copy may become a voter too (V4)', () => {
    const partition = newObserver();
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect(partition.holes).toEqual([range(0, 1)]);
  });
});

describe('rot in a partition of three voters', () => {
  it('makes its leader hand over, once the others can elect without its vote (V4)', () => {
    const { partition, follow } = newLeader();
    follow(2);
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect(partition.holes).toEqual([range(0, 1)]);
    partition.tick();
    expect(partition.isLeader).toBe(true);
    follow(2, 3);
    follow(2, 3);
    // Followers that are well move all other deadlines on and on.
    expect(partition.nextDeadline()).toBeLessThan(5_000 + 300);
    partition.tick();
    expect(partition.isLeader).toBe(false);
    expect(partition.nextDeadline()).toBeUndefined();
  });

  it('makes its leader hand over at once where they can', () => {
    const { partition, follow } = newLeader();
    follow(2, 3);
    follow(2, 3);
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect(partition.isLeader).toBe(false);
  });
});

describe('rot in a partition of two voters', () => {
  it('makes its leader hand over to the other one, once that is in sync (C3, V4)', () => {
    const { partition, follow, wait } = newLeader([1, 2]);
    follow(2);
    wait(1_200);
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect(partition.isLeader).toBe(true);
    wait(100);
    follow(2);
    wait(0);
    expect(partition.isLeader).toBe(false);
    expect(partition.holes).toEqual([range(0, 1)]);
  });

  it('is a hole that stays once its leader is to be the only one (V1, L6)', () => {
    const { partition, follow, wait } = newLeader([1, 2]);
    follow(2);
    wait(1_200);
    partition.rotFound(partition.generation, [range(0, 1)]);
    expect([partition.isLeader, partition.holes]).toEqual([true, [range(0, 1)]]);
    const alone = new VoterSet([{ ...voter(1), role: 'data' }]);
    partition.replica.wantVoters(alone, monotonicMs(5_000));
    expect(partition.replicaIds).toEqual([1]);
    expect(partition.holes).toEqual([]);
    partition.persisted(logGeneration(0), partition.logEndOffset);
    expect(partition.highWatermark).toBe(partition.logEndOffset);
  });
});

describe('a voter whose rot took the beginning of a leader epoch', () => {
  const start = (epoch: number, at: number) => ({
    ...{ leaderEpoch: leaderEpoch(epoch), startOffset: offset(at) },
  });
  /** It had 100 offsets, the last twenty of epoch 7; of those not one is left. */
  const before = emptyLog({
    ...{ logEndOffset: offset(100), epochStarts: [start(5, 0)], mustRefetch: [range(80, 100)] },
  });
  const generation = logGeneration(1);
  const cut = { ...before, generation, logEndOffset: offset(80), mustRefetch: [] };

  /** The leader of epoch 7, its own log as long, finds that this one leaves it at 80. */
  function newCutVoter() {
    const { partition, effects, votes } = newFollower([1, 2, 3], before);
    const now = monotonicMs(0);
    const epoch = leaderEpoch(7);
    partition.replica.epochBegun({ leaderId: 2, leaderEpoch: epoch }, now);
    const end = { leaderEpoch: leaderEpoch(5), endOffset: offset(80) };
    expect(partition.replica.diverged(epoch, end)).toBe(true);
    const order = effects.find(({ type }) => type === 'TruncateLog');
    partition.wasCut(generation, cut);
    /** Whether one whose log ends there gets its vote. */
    const votesFor = (lastEpoch: number, logEndOffset: number, asked = 8) => {
      let isVoter = false;
      partition.replica.voteRequested(
        {
          ...{ candidate: voter(3), voter: voter(1), leaderEpoch: leaderEpoch(asked) },
          ...{ lastEpoch: leaderEpoch(lastEpoch), logEndOffset: offset(logEndOffset) },
          isPreVote: false,
        },
        monotonicMs(60_000),
        ({ isGranted }) => (isVoter = isGranted),
      );
      for (const { leaderEpoch: voted } of votes.splice(0)) {
        partition.votePersisted({ leaderEpoch: voted, votedFor: voter(3).directoryId });
      }
      return isVoter;
    };
    return { partition, order, votesFor };
  }

  it('is cut there, and elects nobody without what it had (V4)', () => {
    const { order, votesFor } = newCutVoter();
    expect(order).toMatchObject({ to: 80, onceHad: 100 });
    expect(votesFor(5, 80)).toBe(false);
  });

  it('votes again when it has all that its leader has committed, however far it was', () => {
    for (const [highWatermark, isGranted] of [
      [82, true],
      [90, false],
    ] as const) {
      const { partition, votesFor } = newCutVoter();
      expect(partition.appendFetched(makeBatch({ base: 80, records: 2, epoch: 7 }))).toBe(true);
      partition.replica.leaderHighWatermark(leaderEpoch(7), offset(highWatermark));
      partition.persisted(generation, offset(82));
      expect(votesFor(7, 82)).toBe(isGranted);
    }
  });

  it('does not vote by what was committed before its leader began (C2)', () => {
    const { partition, votesFor } = newCutVoter();
    expect(partition.appendFetched(makeBatch({ base: 80, records: 2, epoch: 7 }))).toBe(true);
    partition.replica.leaderHighWatermark(leaderEpoch(7), offset(80));
    partition.persisted(generation, offset(82));
    expect(votesFor(7, 82)).toBe(false);
  });

  it('knows the epochs and voters again when its hole is filled (V1, KIP-101)', () => {
    const behind = { ...before, epochStarts: [start(5, 0), start(7, 95)], mustRefetch: [] };
    const { partition } = newFollower([1, 2, 3], { ...behind, mustRefetch: [range(80, 95)] });
    expect(partition.endOffsetOf(leaderEpoch(5))).toMatchObject({ endOffset: 95 });
    partition.repair(new Uint8Array(1));
    const voters = [1, 2].map((nodeId) => ({ ...voter(nodeId), role: 'data' as const }));
    const filled = { ...behind, generation, epochStarts: [start(5, 0), start(7, 80)] };
    partition.wasCut(generation, { ...filled, voterRecords: [{ from: offset(90), voters }] });
    expect(partition.endOffsetOf(leaderEpoch(5))).toMatchObject({ endOffset: 80 });
    expect(partition.replicaIds).toEqual([1, 2]);
  });
});

describe('the holes of a log', () => {
  it('are in order, and those that touch are one', () => {
    const { log, orders } = newLogState();
    log.rotFound(logGeneration(0), [range(20, 30), range(5, 8)]);
    log.rotFound(logGeneration(0), [range(8, 10), range(25, 40)]);
    expect(log.holes).toEqual([range(5, 10), range(20, 40)]);
    expect(log.isWhole).toBe(false);
    expect(orders).toEqual([]);
  });

  it('count for nothing behind the first one until it is filled (V4)', () => {
    const { log } = newLogState(50);
    log.rotFound(logGeneration(0), [range(20, 30)]);
    expect(log.persistedOffset).toBe(20);
  });

  it('are not those of another generation (L4)', () => {
    const { log } = newLogState();
    log.rotFound(logGeneration(3), [range(20, 30)]);
    expect(log.isWhole).toBe(true);
  });

  it('end where the log begins', () => {
    const { log } = newLogState(50);
    log.rotFound(logGeneration(0), [range(5, 10), range(20, 30)]);
    log.logStartAdvanced(offset(25));
    expect(log.holes).toEqual([range(25, 30)]);
    log.logStartAdvanced(offset(30));
    expect(log.isWhole).toBe(true);
  });

  it('are filled in a new generation, and gone when the disk says so', () => {
    const { log, orders, recovered } = newLogState(50);
    log.rotFound(logGeneration(0), [range(20, 30)]);
    log.repair(new Uint8Array(1));
    expect(orders).toMatchObject([{ type: 'RepairLog', generation: 1 }]);
    expect(log.isCutting).toBe(true);
    log.wasCut(logGeneration(1), { ...recovered, generation: logGeneration(1) });
    expect(log).toMatchObject({ isWhole: true, isCutting: false, persistedOffset: 50 });
  });
});
