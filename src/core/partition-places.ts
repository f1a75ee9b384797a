import { leaderEpoch, monotonicMs, uuid, type MonotonicMs, type Uuid } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import type { ClusterState } from './cluster/cluster-state.ts';
import type { LedStatus } from './cluster-status.ts';
import type { LeaderHints } from './cluster/leader-hints.ts';
import { topicReplicas } from './cluster/topic-replicas.ts';
import type { PartitionPlace } from './kafka/broker-view.ts';
import type { PartitionTable } from './partition-table.ts';
import type { WitnessTable } from './witness-table.ts';

export interface PartitionPlacesOptions {
  readonly partitions: Pick<PartitionTable, 'findById'>;
  readonly witnesses: Pick<WitnessTable, 'find'>;
  readonly cluster: Pick<ClusterState, 'topicById'>;
  readonly hints: LeaderHints;
  readonly isConnected: (nodeId: number) => boolean;
  /** Asks the other nodes what they lead; answered once. */
  readonly askLed: (done: (led: readonly LedStatus[]) => void) => void;
  readonly now: () => MonotonicMs;
}

/**
 * Where the partitions of committed topics are: as this node's replicas and witnesses know. Of one
 * that it keeps neither of, a client must hear all the same, and the other nodes are asked: what
 * they say is there when the client asks again; until then its preferred leader is named.
 */
export class PartitionPlaces {
  readonly #options: PartitionPlacesOptions;
  #askAt: MonotonicMs = monotonicMs(0);

  constructor(options: PartitionPlacesOptions) {
    this.#options = options;
  }

  /** Undefined: nobody has placed it yet. */
  find(
    { name, topicId }: { readonly name: string; readonly topicId: Uuid },
    partition: number,
  ): PartitionPlace | undefined {
    const { partitions, witnesses, cluster } = this.#options;
    const own = partitions.findById(name, topicId, partition);
    if (own !== undefined) return own;
    const witness = witnesses.find(topicId, partition);
    if (witness !== undefined) {
      const { replica, replicaIds } = witness;
      return { ...placeOf(replicaIds, replica.leaderId), leaderEpoch: replica.leaderEpoch };
    }
    const topic = cluster.topicById(topicId);
    const wanted = topic && topicReplicas.wanted(topic, partition);
    if (wanted === undefined) return undefined;
    this.#ask();
    const { hints, isConnected } = this.#options;
    const replicaIds = wanted.filter(({ isWitness }) => !isWitness).map(({ nodeId }) => nodeId);
    const hinted = hints.leaderOf(topicId, partition, wanted);
    // Who is sent to a node that is gone comes back here with the same question.
    const likely = hinted === undefined ? replicaIds : [hinted, ...replicaIds];
    return placeOf(replicaIds, likely.find(isConnected));
  }

  #ask(): void {
    const { hints, askLed, now } = this.#options;
    if (now() < this.#askAt) return;
    this.#askAt = monotonicMs(now() + limits.leaderAskMs);
    askLed((led) => {
      for (const { topicId, partition, leader, leaderEpoch: epoch } of led) {
        hints.told(uuid(topicId), partition, { leaderId: leader, leaderEpoch: epoch });
      }
    });
  }
}

/** Who is in sync only the leader knows. */
const placeOf = (replicaIds: readonly number[], leaderId: number | undefined): PartitionPlace => ({
  ...{ leaderId, replicaIds, inSyncIds: replicaIds },
  leaderEpoch: leaderEpoch(-1),
});
