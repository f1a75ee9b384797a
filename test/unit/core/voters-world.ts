import type { LeaderEpoch, Offset } from '../../../src/base/brand.ts';
import { logGeneration, logId, monotonicMs, uuid } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/effect.ts';
import { Partition } from '../../../src/core/partition.ts';
import type { VoteRequest } from '../../../src/core/replica/peer-call.ts';
import { VoterSet } from '../../../src/core/replica/voter-set.ts';
import { at, emptyLog } from './partition-world.ts';

export const voter = (nodeId: number) => ({
  nodeId,
  directoryId: uuid(`0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b0${nodeId}`),
});
const self = voter(1);
const minInsyncReplicas = (dataVoters: number): number => Math.min(dataVoters, 2);

/** A copy that nobody leads yet. */
export function newFollower(
  voterIds: readonly number[],
  recovered = emptyLog(),
  onceHad?: Offset,
  hasBegun = true,
) {
  const effects: Effect[] = [];
  const world = { nowMs: 0 };
  const asked: VoteRequest[] = [];
  const votes: { leaderEpoch: LeaderEpoch }[] = [];
  const partition: Partition = new Partition(logId(0), recovered, {
    self,
    ...{ segmentBytesMax: 1_000_000, onceHad },
    settings: { fetchTimeoutMs: 1_000, replicaLagTimeMaxMs: 1_000, minInsyncReplicas },
    random: { next: () => 0, uuid: () => self.directoryId },
    now: () => at(world.nowMs),
    port: {
      emit: (effect) => effects.push(effect),
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
  const data = voterIds.map((nodeId) => ({ ...voter(nodeId), role: 'data' as const }));
  if (hasBegun) partition.begin(new VoterSet(data), undefined);
  return { partition, asked, votes, world, effects };
}

/** A copy of a partition of which another node is the only voter. */
export const newObserver = (): Partition => newFollower([2]).partition;

/** The leader of a partition of several voters, elected by the second; nothing is committed yet. */
export function newLeader(voterIds: readonly number[] = [1, 2, 3], onceHad?: Offset) {
  const { partition, asked, votes, world, effects } = newFollower(voterIds, emptyLog(), onceHad);
  const answerVotes = () => {
    for (const { leaderEpoch: askedEpoch, isPreVote } of asked.splice(0)) {
      const answer = { voter: voter(2), askedEpoch, isPreVote, isGranted: true };
      const known = { leaderEpoch: partition.leaderEpoch, leaderId: undefined };
      partition.replica.voteAnswered({ ...answer, ...known }, monotonicMs(world.nowMs));
    }
  };
  world.nowMs = 5_000;
  partition.tick();
  for (let round = 0; round < 3 && !partition.isLeader; round++) {
    answerVotes();
    for (const { leaderEpoch: epoch } of votes.splice(0)) {
      const vote = { leaderEpoch: epoch, votedFor: self.directoryId };
      partition.votePersisted(vote);
    }
  }
  /** Others have persisted all of it, and say so. */
  const follow = (...nodeIds: readonly number[]) => {
    partition.persisted(logGeneration(0), partition.logEndOffset);
    const end = partition.logEndOffset;
    const epoch = partition.leaderEpoch;
    const place = { fetchOffset: end, lastFetchedEpoch: epoch, persistedOffset: end };
    for (const nodeId of nodeIds) {
      const request = { replica: voter(nodeId), leaderEpoch: epoch, ...place };
      partition.replica.fetched(request, monotonicMs(world.nowMs));
    }
  };
  const wait = (ms: number) => {
    world.nowMs += ms;
    partition.tick();
  };
  return { partition, follow, wait, effects };
}
