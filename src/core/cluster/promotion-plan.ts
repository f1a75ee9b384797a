import type { Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { utf8Encode } from '../../base/bytes.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import { encodeGivenUp, encodePromoted } from '../../wire/state/promotion-codec.ts';
import { encodeProducerIdBlock } from '../../wire/state/state-codec.ts';
import type { Partition } from '../partition.ts';
import { isSameReplica, type ReplicaId, type Voter, type VoterSet } from '../replica/voter-set.ts';
import { replanChanges } from './admission.ts';
import { clusterKeys, clusterTopicName, type ClusterState } from './cluster-state.ts';
import type { ClusterMember } from './place-topic.ts';
import type { PlannedPartition, PromotionPlan } from './planned-promotion.ts';
import { topicReplicas } from './topic-replicas.ts';

/**
 * Blocks of producer ids that those who are gone took may not be known here: given out again, their
 * sequences would pass for duplicates, and what was never stored for acknowledged (P4).
 */
const producerIdsSkipped = 2 ** 30;

/** What it is decided on: as of this turn. */
export interface PromotionView {
  readonly self: ReplicaId;
  /** Of `__cluster`. */
  readonly clusterVoters: VoterSet;
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
    if (isOver || isSameReplica(self, { nodeId, directoryId })) continue;
    if (!answers({ nodeId, directoryId })) silent.set(directoryId, { nodeId, directoryId });
  }
  return [...silent.values()].sort((a, b) => a.nodeId - b.nodeId);
}

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
  const remaining = view.members.filter((member) => !isGone(member));
  const own = remaining.find((member) => isSameReplica(member, self));
  const maker = own ?? { ...self, isWitness: false };
  return [
    ...gone.map(({ nodeId, directoryId }) => ({
      key: utf8Encode(clusterKeys.givenUp(directoryId)),
      value: encodeGivenUp({ nodeId, promotionId, atMs }),
    })),
    ...[...cluster.members()].filter(isGone).map(({ nodeId }) => ({
      key: utf8Encode(clusterKeys.member(nodeId)),
      value: undefined,
    })),
    ...replanChanges(remaining, { cluster, self: maker }),
    {
      key: utf8Encode(clusterKeys.producerIds),
      value: encodeProducerIdBlock({
        nextProducerId: cluster.nextProducerId + producerIdsSkipped,
      }),
    },
    ...view.partitions
      .filter((log) => isPromoted(log, view, gone))
      .map((log) => cutOf(log, view, promotionId)),
  ];
}

/** Another node votes in it, as far as is known here. */
const dependsOnOthers = ({ voters }: Partition, view: PromotionView): boolean =>
  othersIn(voters ?? view.clusterVoters, view).length > 0 || voters?.voters.length === 0;

const othersIn = (set: VoterSet, { self }: PromotionView): readonly Voter[] =>
  set.voters.filter((voter) => !isSameReplica(voter, self));

/** Nobody else can help to elect, and this node has a vote; or nobody knows who votes (V4). */
const isPromoted = (log: Partition, view: PromotionView, gone: readonly ReplicaId[]): boolean =>
  log.topic !== clusterTopicName && dependsOn(log, view, gone);

/** Others than this node vote in it, and all of them are gone. */
export function dependsOn(
  log: Partition,
  view: PromotionView,
  gone: readonly ReplicaId[],
): boolean {
  const { voters } = log;
  if (voters === undefined || !dependsOnOthers(log, view)) return false;
  if (voters.voters.length === 0) return true;
  const { promotions } = view.cluster;
  const isGone = (voter: Voter): boolean =>
    promotions.isGivenUp(voter.directoryId) || gone.some((one) => isSameReplica(one, voter));
  return voters.find(view.self)?.role === 'data' && othersIn(voters, view).every(isGone);
}

function outcomeOf(
  { voters, holes }: Partition,
  { self, clusterVoters }: PromotionView,
): PlannedPartition['outcome'] {
  const set = voters ?? clusterVoters;
  if (set.voters.length > 0 && set.find(self)?.role !== 'data') return 'noCopy';
  // Of two, both have all that was acknowledged (C3).
  return set.voters.length === 2 && holes.length === 0 ? 'complete' : 'mayMiss';
}

/** Partitions of which every replica is given up. */
function elsewhere({ cluster }: PromotionView, gone: readonly ReplicaId[]): PlannedPartition[] {
  return [...cluster.topics()].flatMap((topic) =>
    Array.from({ length: topic.partitions }, (_, partition) => partition)
      .filter((partition) => {
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
  const epoch = leaderEpoch + limits.promotedEpochs;
  const key = utf8Encode(clusterKeys.promoted(topicId, partition, epoch));
  return { key, value: encodePromoted({ promotionId, ...self, cutOffset, lastEpoch }) };
}
