import { describe, expect, it } from 'vitest';
import {
  leaderEpoch,
  logGeneration,
  logId,
  monotonicMs,
  offset,
  uuid,
} from '../../../src/base/brand.ts';
import type { ProduceOutcome } from '../../../src/core/kafka/broker-view.ts';
import { Partition } from '../../../src/core/partition.ts';
import type { VoteRequest } from '../../../src/core/replica/peer-call.ts';
import { VoterSet } from '../../../src/core/replica/voter-set.ts';
import { makeBatch } from '../log/log-fixture.ts';
import { at, emptyLog } from './partition-world.ts';

const voter = (nodeId: number) => ({
  nodeId,
  directoryId: uuid(`0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b0${nodeId}`),
});
const self = voter(1);

/** One of three voters, elected by the second one; nothing is committed yet. */
function newLeader() {
  let nowMs = 0;
  const asked: VoteRequest[] = [];
  const votes: { leaderEpoch: ReturnType<typeof leaderEpoch> }[] = [];
  const partition: Partition = new Partition(logId(0), emptyLog(), {
    self,
    segmentBytesMax: 1_000_000,
    settings: { fetchTimeoutMs: 1_000, replicaLagTimeMaxMs: 1_000, minInsyncReplicas: () => 2 },
    random: { next: () => 0, uuid: () => self.directoryId },
    now: () => at(nowMs),
    port: {
      emit: () => undefined,
      persistVote: (vote) => votes.push(vote),
      heardAt: () => undefined,
      isStopping: () => false,
      highWatermarkMoved: () => undefined,
      leaderChanged: () => undefined,
      changed: () => undefined,
      peers: {
        askVote: (_nodeId, request) => asked.push(request),
        beginEpoch: () => undefined,
        endEpoch: () => undefined,
      },
    },
  });
  const answerVotes = () => {
    for (const { leaderEpoch: askedEpoch, isPreVote } of asked.splice(0)) {
      const answer = { voter: voter(2), askedEpoch, isPreVote, isGranted: true };
      const known = { leaderEpoch: partition.leaderEpoch, leaderId: undefined };
      partition.replica.voteAnswered({ ...answer, ...known }, monotonicMs(nowMs));
    }
  };
  const data = [1, 2, 3].map((nodeId) => ({ ...voter(nodeId), role: 'data' as const }));
  partition.begin(new VoterSet(data), undefined);
  nowMs = 5_000;
  partition.tick();
  for (let round = 0; round < 3 && !partition.isLeader; round++) {
    answerVotes();
    for (const { leaderEpoch: epoch } of votes.splice(0)) {
      const vote = { leaderEpoch: epoch, votedFor: self.directoryId };
      partition.votePersisted(vote);
    }
  }
  /** The second voter has persisted all of it, and says so. */
  const follow = () => {
    partition.persisted(logGeneration(0), partition.logEndOffset);
    const end = partition.logEndOffset;
    const epoch = partition.leaderEpoch;
    const place = { fetchOffset: end, lastFetchedEpoch: epoch, persistedOffset: end };
    const request = { replica: voter(2), leaderEpoch: epoch, ...place };
    partition.replica.fetched(request, monotonicMs(nowMs));
  };
  const produce = (producerId: bigint, sequence: number): ProduceOutcome[] => {
    const outcomes: ProduceOutcome[] = [];
    const batch = makeBatch({ base: 0, producerId, sequence });
    partition.produceOfSession(batch, (outcome) => outcomes.push(outcome));
    return outcomes;
  };
  return { partition, follow, produce };
}

const outOfOrder = { ok: false, error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' };
const notLeader = { ok: false, error: 'NOT_LEADER_OR_FOLLOWER' };

describe('what a leader says is not in its log', () => {
  it('is said once the leader is confirmed, of an unknown producer and of a gap', () => {
    const { partition, follow, produce } = newLeader();
    expect(partition.isLeader).toBe(true);
    follow();
    const first = produce(7n, 0);
    follow();
    expect(first).toEqual([{ ok: true, baseOffset: offset(1), logStartOffset: offset(0) }]);
    const [unknown, gap] = [produce(8n, 5), produce(7n, 2)];
    expect([...unknown, ...gap]).toEqual([]);
    follow();
    expect([unknown, gap]).toEqual([[outOfOrder], [outOfOrder]]);
  });

  it('is not said by one that was deposed meanwhile: its successor may have it (P5)', () => {
    const { partition, follow, produce } = newLeader();
    follow();
    const unknown = produce(8n, 5);
    partition.replica.epochBegun(
      { leaderId: 3, leaderEpoch: leaderEpoch(partition.leaderEpoch + 1) },
      monotonicMs(6_000),
    );
    expect(unknown).toEqual([notLeader]);
    expect(produce(8n, 5)).toEqual([notLeader]);
  });
});
