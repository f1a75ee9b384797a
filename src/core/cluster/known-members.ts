import type { Uuid } from '../../base/brand.ts';
import { directoryIdsOf, type NodeFacts } from '../peer/node-facts.ts';
import type { Voter } from '../replica/voter-set.ts';
import { clusterMembers } from './admission.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ClusterMember } from './place-topic.ts';
import { topicReplicas } from './topic-replicas.ts';

/** What a node can tell the members by. */
export interface MemberSources {
  readonly clusterId: Uuid;
  /** Of `__cluster`. */
  readonly voters: readonly Voter[];
  readonly cluster: ClusterState;
  /** The other nodes, as they said who they are. */
  readonly introduced: Iterable<NodeFacts>;
}

/**
 * The nodes of the cluster, each with the disk that counts. Who was born with it and does not vote
 * on `__cluster`, since that has voters enough, has no record of its own (V2): topics that are
 * placed there name its disk, or it says so itself.
 */
export function knownMembers(sources: MemberSources): ClusterMember[] {
  const { clusterId, voters, cluster, introduced } = sources;
  const { promotions } = cluster;
  const members = new Map<number, ClusterMember>();
  for (const facts of introduced) {
    if (facts.clusterId !== clusterId) continue;
    if (directoryIdsOf(facts).some((id) => promotions.isGivenUp(id))) continue;
    const { nodeId, directoryId, isWitness } = facts;
    members.set(nodeId, { nodeId, directoryId, isWitness });
  }
  for (const member of keepers(cluster)) {
    if (!promotions.isGivenUp(member.directoryId)) members.set(member.nodeId, member);
  }
  for (const member of clusterMembers(voters, cluster.members())) {
    members.set(member.nodeId, member);
  }
  return [...members.values()].sort((a, b) => a.nodeId - b.nodeId);
}

/** Data nodes, by the copies that they are to keep; a data node may be a topic's witness, too. */
function* keepers(cluster: ClusterState): Iterable<ClusterMember> {
  for (const topic of cluster.topics()) {
    for (let i = 0; i < topic.partitions; i++) {
      for (const { nodeId, directoryId, isWitness } of topicReplicas.wanted(topic, i) ?? []) {
        if (!isWitness) yield { nodeId, directoryId: directoryId as Uuid, isWitness };
      }
    }
  }
}
