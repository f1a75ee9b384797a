import type { Uuid } from '../../base/brand.ts';
import type { AssignmentValue } from '../../wire/state/state-codec.ts';
import type { Now } from '../now.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import { VoterSet } from '../replica/voter-set.ts';
import { clusterMembers } from './admission.ts';
import { clusterTopicName, type ClusterState } from './cluster-state.ts';
import { clusterReplicas } from './replan.ts';
import { topicReplicas } from './topic-replicas.ts';

export interface WantedVotersOptions {
  readonly partitions: PartitionTable;
  readonly cluster: ClusterState;
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

  /** A node joined, or has another disk: `__cluster` has no record of its own that says so. */
  membersChanged(): void {
    const partition = this.#options.partitions.find(clusterTopicName, 0);
    if (partition !== undefined) this.tell(partition);
  }

  /** This node leads it, or what is wanted changed. */
  tell(partition: Partition): void {
    if (!partition.isLeader) return;
    const wanted = wantedVoters(partition, this.#options.cluster);
    if (wanted === undefined) return;
    partition.replica.wantVoters(wanted, this.#options.now().monotonicMs);
  }
}

/**
 * Who shall vote in a partition, as `__cluster` says it; undefined: nothing is said that differs
 * from who votes.
 */
export function wantedVoters(
  { topic, topicId, partition, voters }: Partition,
  cluster: ClusterState,
): VoterSet | undefined {
  if (topic !== clusterTopicName) {
    const value = cluster.topicById(topicId);
    const wanted = value && topicReplicas.wanted(value, partition);
    return wanted && toSet(wanted);
  }
  const recorded = [...cluster.members()];
  if (recorded.length === 0 || voters === undefined) return undefined;
  const present = voters.voters.map(({ nodeId, directoryId, role }) => ({
    ...{ nodeId, directoryId, isWitness: role === 'witness' },
  }));
  return toSet(clusterReplicas(clusterMembers(voters.voters, recorded), present));
}

const toSet = (assignment: AssignmentValue): VoterSet =>
  new VoterSet(
    assignment.map(({ nodeId, directoryId, isWitness }) => ({
      ...{ nodeId, directoryId: directoryId as Uuid },
      role: isWitness ? 'witness' : 'data',
    })),
  );
