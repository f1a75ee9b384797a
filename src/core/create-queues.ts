import { present } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { ClusterState } from './cluster/cluster-state.ts';
import type { LeaderHints } from './cluster/leader-hints.ts';
import type { Membership } from './cluster/membership.ts';
import { topicReplicas } from './cluster/topic-replicas.ts';
import type { PartitionTable } from './partition-table.ts';
import type { ProduceTarget } from './produce/produce-ports.ts';
import { ProduceQueues } from './produce/produce-queues.ts';

/** What tells the queues of a node where their batches go. */
export interface QueueWorld {
  readonly nodeId: number;
  readonly partitions: PartitionTable;
  readonly cluster: ClusterState;
  readonly hints: LeaderHints;
  /** Undefined: a cluster of one. */
  readonly membership: () => Membership | undefined;
  readonly allocateProducerId: () => bigint | undefined;
  /** Of the step that is running. */
  readonly now: () => MonotonicMs;
}

/** The produce queues of a node: to its own partitions, and over links to those of others (P1). */
export function createQueues(world: QueueWorld): ProduceQueues {
  const { nodeId, partitions, hints, allocateProducerId, now } = world;
  return new ProduceQueues({
    ...{ nodeId, allocateProducerId, now },
    local: ({ topic, topicId, partition }) => partitions.findById(topic, topicId, partition),
    leaderOf: (target) => leaderOf(target, world),
    send: (to, produce, done) => {
      const { peers } = present(world.membership(), 'a cluster of one leads all');
      const { topicId, partition } = produce;
      peers.produce(to, produce, (outcome) => {
        const isTaken = outcome !== 'unknown' && outcome.ok;
        if (!isTaken) hints.failed(topicId, partition, to);
        done(outcome);
      });
    },
  });
}

/** As this node's replica knows, or, without one, as the last answer said. */
function leaderOf(
  { topic, topicId, partition }: ProduceTarget,
  { partitions, cluster, hints }: QueueWorld,
): number | undefined {
  const own = partitions.findById(topic, topicId, partition);
  if (own !== undefined) return own.leaderId;
  const value = cluster.topicById(topicId);
  const wanted = value && topicReplicas.wanted(value, partition);
  return wanted && hints.leaderOf(topicId, partition, wanted);
}
