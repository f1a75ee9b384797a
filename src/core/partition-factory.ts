import type { ClusterState } from './cluster/cluster-state.ts';
import type { Effect, VoteRecord } from './effect.ts';
import type { OpenLog } from './event.ts';
import type { Now } from './now.ts';
import { Partition } from './partition.ts';
import type { Peers } from './peer/peers.ts';
import type { Random } from '../ports/random.ts';
import type { ReplicaSettings } from './replica/replica-options.ts';
import type { ReplicaId } from './replica/voter-set.ts';

export interface PartitionFactoryOptions {
  readonly self: ReplicaId;
  readonly segmentBytesMax: number;
  readonly replicaLagTimeMaxMs: number;
  readonly cluster: ClusterState;
  readonly random: Random;
  readonly now: () => Now;
  /** Undefined in a cluster of one. */
  readonly peers: () => Peers | undefined;
  /** See PartitionPort. */
  readonly isStopping: () => boolean;
  readonly highWatermarkMoved: (partition: Partition) => void;
  readonly inSyncChanged: (isIn: boolean) => void;
  readonly leaderChanged: (partition: Partition) => void;
  readonly emit: (effect: Effect) => void;
}

/** A follower that hears nothing for this long looks for another leader; C4's bound on the lag. */
const fetchTimeoutMsMin = 1_000;

/** Makes partitions out of open logs, and gathers the votes of a step: they share an fsync (T3). */
export class PartitionFactory {
  readonly #options: PartitionFactoryOptions;
  #votes: VoteRecord[] = [];

  constructor(options: PartitionFactoryOptions) {
    this.#options = options;
  }

  open(log: OpenLog): Partition {
    const { self, segmentBytesMax, random, now, emit } = this.#options;
    const { highWatermarkMoved, leaderChanged } = this.#options;
    const peers = (): Peers | undefined => this.#options.peers();
    const partition: Partition = new Partition(log.logId, log.recovered, {
      ...{ self, segmentBytesMax, random, now },
      settings: this.#settings(log.recovered.topic),
      port: {
        emit,
        persistVote: (vote) => this.#votes.push(vote),
        heardAt: (nodeId) => peers()?.heardAt(nodeId),
        isStopping: () => this.#options.isStopping(),
        highWatermarkMoved: () => highWatermarkMoved(partition),
        leaderChanged: () => leaderChanged(partition),
        changed: () => peers()?.changed(partition),
        peers: {
          askVote: (nodeId, request) => peers()?.askVote(partition, nodeId, request),
          beginEpoch: (nodeId, begin) => peers()?.beginEpoch(partition, nodeId, begin),
          endEpoch: (nodeId, end) => peers()?.endEpoch(partition, nodeId, end),
        },
      },
    });
    return partition;
  }

  /** Orders the votes that were given since the last call. */
  orderVotes(): void {
    if (this.#votes.length === 0) return;
    this.#options.emit({ type: 'PersistVotes', votes: this.#votes });
    this.#votes = [];
  }

  #settings(topic: string): ReplicaSettings {
    const { replicaLagTimeMaxMs, cluster, inSyncChanged } = this.#options;
    return {
      fetchTimeoutMs: Math.max(fetchTimeoutMsMin, replicaLagTimeMaxMs),
      ...{ replicaLagTimeMaxMs, inSyncChanged },
      minInsyncReplicas: (dataVoters) =>
        minInsyncReplicas(cluster.topic(topic)?.minInsyncReplicas ?? 0, dataVoters),
    };
  }
}

/** C3: `auto` (0) is a second copy where three data voters can give one. */
function minInsyncReplicas(wanted: number, dataVoters: number): number {
  if (wanted > 0) return Math.min(wanted, Math.max(1, dataVoters));
  return dataVoters >= 3 ? 2 : 1;
}
