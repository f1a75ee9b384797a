import type { Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { utf8Encode } from '../../base/bytes.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import { encodeGivenUp, encodePromoted } from '../../wire/state/promotion-codec.ts';
import { encodeMember, encodeProducerIdBlock } from '../../wire/state/state-codec.ts';
import type { Partition } from '../partition.ts';
import { isDiskOf, type NodeFacts } from '../peer/node-facts.ts';
import { isSameReplica, type ReplicaId, type VoterSet } from '../replica/voter-set.ts';
import { replanChanges } from './admission.ts';
import { clusterKeys, clusterTopicName, type ClusterState } from './cluster-state.ts';
import type { ClusterMember } from './place-topic.ts';
import type { PlannedPartition, PromotionPlan } from './planned-promotion.ts';
import { topicReplicas } from './topic-replicas.ts';
import { wantedVoters } from './wanted-voters.ts';

/** What it is decided on: as of this turn. */
export interface PromotionView {
  readonly self: Pick<NodeFacts, 'nodeId' | 'directoryId' | 'formerDirectoryIds'>;
  /** Of `__cluster`. */
  readonly clusterVoters: VoterSet;
  /** All that this node persisted of it and others committed is applied here. */
  readonly isClusterKnown: boolean;
  readonly members: readonly ClusterMember[];
  readonly cluster: ClusterState;
  /** Those that are here. */
  readonly partitions: readonly Partition[];
  readonly answers: (replica: ReplicaId) => boolean;
}

/** Disks that vote somewhere, or are members, and do not answer: this node would go on without. */
export function silentReplicas(view: PromotionView): ReplicaId[] {
  const { self, members, partitions, cluster, answers } = view;
  const silent = new Map<Uuid, ReplicaId>();
  const voters = partitions.flatMap((partition) => partition.voters?.voters ?? []);
  for (const { nodeId, directoryId } of [...members, ...voters]) {
    const isOver = cluster.promotions.isGivenUp(directoryId);
    if (isOver || isDiskOf(self, { nodeId, directoryId })) continue;
    if (!answers({ nodeId, directoryId })) silent.set(directoryId, { nodeId, directoryId });
  }
  return [...silent.values()].sort((a, b) => a.nodeId - b.nodeId);
}

/** It votes nowhere any more as the disk that it was (V4), and nobody else might help there. */
export const hasLostVotes = ({ self, partitions }: PromotionView): boolean =>
  partitions.some(({ voters }) =>
    voters?.voters.some((voter) => isDiskOf(self, voter) && !isSameReplica(self, voter)),
  );

/** What becomes of each partition that has depended on others. */
export function planPromotion(view: PromotionView, gone: readonly ReplicaId[]): PromotionPlan {
  const partitions = view.partitions.flatMap((each): PlannedPartition[] => {
    const { topic, partition, logEndOffset } = each;
    if (!dependsOnOthers(each, view)) return [];
    return [{ topic, partition, logEndOffset, outcome: outcomeOf(each, view) }];
  });
  const givenUp = [...new Set(gone.map(({ nodeId }) => nodeId))];
  return { givenUp, partitions: [...partitions, ...elsewhere(view, gone)] };
}

/**
 * Its records in `__cluster`, durable before anything is led by it: who is given up, where each log
 * was cut, and where its replicas go from now on. What makes a log lead comes last.
 */
export function promotionChanges(
  view: PromotionView,
  gone: readonly ReplicaId[],
  { promotionId, atMs }: { readonly promotionId: Uuid; readonly atMs: number },
): ViewChange[] {
  const { cluster, self } = view;
  const isGone = (replica: ReplicaId): boolean => gone.some((one) => isSameReplica(one, replica));
  const { nodeId: ownId, directoryId } = self;
  const remaining = view.members
    .filter((member) => !isGone(member))
    .map((member) => (isDiskOf(self, member) ? { ...member, directoryId } : member));
  const own = remaining.find(({ nodeId }) => nodeId === ownId);
  const maker = own ?? { nodeId: ownId, directoryId, isWitness: false };
  const isRenamed = !view.members.some((member) => isSameReplica(member, self));
  return [
    ...gone.map(({ nodeId, directoryId }) => ({
      key: utf8Encode(clusterKeys.givenUp(directoryId)),
      value: encodeGivenUp({ nodeId, promotionId, atMs }),
    })),
    ...[...cluster.members()].filter(isGone).map(({ nodeId }) => ({
      key: utf8Encode(clusterKeys.member(nodeId)),
      value: undefined,
    })),
    ...(own !== undefined && isRenamed
      ? [{ key: utf8Encode(clusterKeys.member(ownId)), value: encodeMember(own) }]
      : []),
    ...replanChanges(remaining, { cluster, self: maker }),
    {
      key: utf8Encode(clusterKeys.producerIds),
      value: encodeProducerIdBlock({
        nextProducerId: cluster.nextProducerId + limits.promotedProducerIds,
      }),
    },
    ...view.partitions
      .filter((log) => isPromoted(log, view, gone))
      .map((log) => cutOf(log, view, promotionId)),
  ];
}

/** Another disk votes in it, as far as is known here, or nobody knows who does (V4). */
function dependsOnOthers({ voters }: Partition, { self, clusterVoters }: PromotionView): boolean {
  const set = voters ?? clusterVoters;
  return voters?.voters.length === 0 || set.voters.some((voter) => !isSameReplica(voter, self));
}

/** Nobody else can help to elect, and this node has a vote; or nobody knows who votes (V4). */
const isPromoted = (log: Partition, view: PromotionView, gone: readonly ReplicaId[]): boolean =>
  log.topic !== clusterTopicName && dependsOn(log, view, gone);

/** Other disks than this one vote in it, and all of them are gone. */
export function dependsOn(
  log: Partition,
  view: PromotionView,
  gone: readonly ReplicaId[],
): boolean {
  const { voters } = log;
  if (voters === undefined || !dependsOnOthers(log, view)) return false;
  if (voters.voters.length === 0) return true;
  const { self, cluster } = view;
  const isGone = (voter: ReplicaId): boolean =>
    cluster.promotions.isGivenUp(voter.directoryId) ||
    gone.some((one) => isSameReplica(one, voter));
  const own = voters.voters.find((voter) => isDiskOf(self, voter));
  return own?.role === 'data' && voters.voters.every((voter) => voter === own || isGone(voter));
}

function outcomeOf(log: Partition, view: PromotionView): PlannedPartition['outcome'] {
  const { self, clusterVoters } = view;
  const set = log.voters ?? clusterVoters;
  const own = set.voters.find((voter) => isDiskOf(self, voter));
  if (set.voters.length > 0 && own?.role !== 'data') return 'noCopy';
  const cluster = view.partitions.find(({ topic }) => topic === clusterTopicName);
  const hasAll = cluster !== undefined && view.isClusterKnown && isOneOfTwo(cluster, view);
  return hasAll && isOneOfTwo(log, view) ? 'complete' : 'mayMiss';
}

/**
 * Of two both have all that was acknowledged (C3), while no other voters are wanted: those could
 * take this one out without that it hears of it (V1). Who lost its journal may have lost more.
 */
function isOneOfTwo(log: Partition, { self, cluster, members }: PromotionView): boolean {
  const { voters, holes } = log;
  if (voters?.voters.length !== 2 || voters.find(self) === undefined) return false;
  return holes.length === 0 && wantedVoters(log, cluster, members)?.isSameAs(voters) !== false;
}

/** Partitions that are not here, and of which every replica is given up. */
function elsewhere(view: PromotionView, gone: readonly ReplicaId[]): PlannedPartition[] {
  const { cluster, partitions } = view;
  const here = new Set(partitions.map(({ topic, partition }) => `${topic}-${partition}`));
  return [...cluster.topics()].flatMap((topic) =>
    Array.from({ length: topic.partitions }, (_, partition) => partition)
      .filter((partition) => {
        if (here.has(`${topic.name}-${partition}`)) return false;
        const data = topicReplicas.wanted(topic, partition)?.filter(({ isWitness }) => !isWitness);
        const isGone = (directoryId: string) => gone.some((one) => one.directoryId === directoryId);
        return data?.every(({ directoryId }) => isGone(directoryId)) === true;
      })
      .map((partition) => ({
        ...{ topic: topic.name, partition, outcome: 'noCopy' as const, logEndOffset: 0 },
      })),
  );
}

function cutOf(log: Partition, { self }: PromotionView, promotionId: Uuid): ViewChange {
  const { topicId, partition, leaderEpoch, logEndOffset: cutOffset, lastEpoch } = log;
  const { nodeId, directoryId } = self;
  const epoch = leaderEpoch + limits.promotedEpochs;
  const key = utf8Encode(clusterKeys.promoted(topicId, partition, epoch));
  const value = encodePromoted({ promotionId, nodeId, directoryId, cutOffset, lastEpoch });
  return { key, value };
}
