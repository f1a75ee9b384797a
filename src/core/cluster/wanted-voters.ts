import type { Uuid } from '../../base/brand.ts';
import type { AssignmentValue } from '../../wire/state/state-codec.ts';
import type { Now } from '../now.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import { VoterSet } from '../replica/voter-set.ts';
import { clusterTopicName, type ClusterState } from './cluster-state.ts';
import type { ClusterMember } from './place-topic.ts';
import { clusterReplicas } from './replan.ts';
import { topicReplicas } from './topic-replicas.ts';

export interface WantedVotersOptions {
  readonly partitions: PartitionTable;
  readonly cluster: ClusterState;
  /** The nodes of the cluster, as it is committed. */
  readonly members: () => readonly ClusterMember[];
  /** This node is to lead `__cluster` alone until that says who is given up (V5). */
  readonly isPromoting: () => boolean;
  readonly now: () => Now;
}

/** Tells the leader of each partition who shall vote there in the end: it moves them there (V1). */
export class WantedVoters {
  readonly #options: WantedVotersOptions;

  constructor(options: WantedVotersOptions) {
    this.#options = options;
  }

  /** The record of a topic is committed. */
  topicChanged(name: string): void {
    const topic = this.#options.cluster.topic(name);
    if (topic === undefined) return;
    for (let i = 0; i < topic.partitions; i++) {
      const partition = this.#options.partitions.findById(name, topic.topicId as Uuid, i);
      if (partition !== undefined) this.tell(partition);
    }
  }

  /** A node joined, has another disk, or was given up: who votes on `__cluster` is told nowhere. */
  membersChanged(): void {
    const partition = this.#options.partitions.find(clusterTopicName, 0);
    if (partition !== undefined) this.tell(partition);
  }

  /** This node leads it, or what is wanted changed. */
  tell(partition: Partition): void {
    const { cluster, members, isPromoting } = this.#options;
    if (!partition.isLeader || (partition.topic === clusterTopicName && isPromoting())) return;
    const wanted = wantedVoters(partition, cluster, members());
    if (wanted === undefined) return;
    partition.replica.wantVoters(wanted, this.#options.now().monotonicMs);
  }
}

/** Who shall vote in a partition, as `__cluster` says it; undefined: it says nothing. */
export function wantedVoters(
  { topic, topicId, partition, voters }: Partition,
  cluster: ClusterState,
  members: readonly ClusterMember[],
): VoterSet | undefined {
  if (topic !== clusterTopicName) {
    const value = cluster.topicById(topicId);
    const wanted = value && topicReplicas.wanted(value, partition);
    return wanted && toSet(wanted);
  }
  if (voters === undefined || members.length === 0) return undefined;
  const present = voters.voters.map(({ nodeId, directoryId, role }) => ({
    ...{ nodeId, directoryId, isWitness: role === 'witness' },
  }));
  return toSet(clusterReplicas(members, present));
}

const toSet = (assignment: AssignmentValue): VoterSet =>
  new VoterSet(
    assignment.map(({ nodeId, directoryId, isWitness }) => ({
      ...{ nodeId, directoryId: directoryId as Uuid },
      role: isWitness ? 'witness' : 'data',
    })),
  );
