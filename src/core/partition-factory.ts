import type { Offset } from '../base/brand.ts';
import type { ClusterState } from './cluster/cluster-state.ts';
import { minInsyncOf } from './cluster/min-insync.ts';
import type { Effect, VoteRecord } from './effect.ts';
import type { OpenLog } from './event.ts';
import type { Now } from './now.ts';
import { Partition } from './partition.ts';
import type { PartitionPort } from './partition-options.ts';
import type { PeerReplica } from './peer/peer-replica.ts';
import type { Peers } from './peer/peers.ts';
import type { Random } from '../ports/random.ts';
import type { ReplicaSettings } from './replica/replica-options.ts';
import type { ReplicaId } from './replica/voter-set.ts';
import { WitnessReplica, type WitnessReplicaOptions } from './witness-replica.ts';

export interface PartitionFactoryOptions {
  readonly self: ReplicaId;
  /** The whole node is one: of what it keeps records of, too, it never leads (V3). */
  readonly isWitness: boolean;
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

/** A witness replica to be: which partition's, and how it stood when it was last stored. */
export type WitnessPlace = Pick<
  WitnessReplicaOptions,
  'logId' | 'topic' | 'topicId' | 'partition' | 'state' | 'vote'
>;

/** A follower that hears nothing for this long looks for another leader; C4's bound on the lag. */
const fetchTimeoutMsMin = 1_000;

/** Makes partitions out of open logs; those of a step share the fsync of their votes (T3). */
export class PartitionFactory {
  readonly #options: PartitionFactoryOptions;
  #votes: VoteRecord[] = [];
  #share: number | undefined;

  constructor(options: PartitionFactoryOptions) {
    this.#options = options;
  }

  /** @param onceHad how far it was before it was emptied because nobody wanted it here (V4). */
  open(log: OpenLog, onceHad?: Offset): Partition {
    const { self, segmentBytesMax, random, now, isWitness } = this.#options;
    const { stepShare } = this;
    const { highWatermarkMoved, leaderChanged } = this.#options;
    const partition: Partition = new Partition(log.logId, log.recovered, {
      ...{ self, segmentBytesMax, onceHad, random, stepShare, now },
      role: isWitness ? 'witness' : undefined,
      settings: this.#settings(log.recovered.topic),
      port: {
        ...this.#port(() => partition),
        highWatermarkMoved: () => highWatermarkMoved(partition),
        leaderChanged: () => leaderChanged(partition),
      },
    });
    return partition;
  }

  openWitness(place: WitnessPlace): WitnessReplica {
    const { self, random, now } = this.#options;
    const { stepShare } = this;
    const witness: WitnessReplica = new WitnessReplica({
      ...place,
      ...{ self, random, stepShare, now },
      settings: this.#settings(place.topic),
      port: {
        ...this.#port(() => witness),
        // Nobody waits for what has no records here.
        highWatermarkMoved: () => undefined,
        leaderChanged: () => this.#options.peers()?.changed(witness),
      },
    });
    return witness;
  }

  /** Orders the votes that were given in it. */
  stepEnded(): void {
    this.#share = undefined;
    if (this.#votes.length === 0) return;
    this.#options.emit({ type: 'PersistVotes', votes: this.#votes });
    this.#votes = [];
  }

  /** See ReplicaOptions. */
  readonly stepShare = (): number => (this.#share ??= this.#options.random.next());

  #port(replica: () => PeerReplica): Omit<PartitionPort, 'highWatermarkMoved' | 'leaderChanged'> {
    const peers = (): Peers | undefined => this.#options.peers();
    return {
      emit: this.#options.emit,
      persistVote: (vote) => this.#votes.push(vote),
      heardAt: (nodeId) => peers()?.heardAt(nodeId),
      isStopping: () => this.#options.isStopping(),
      changed: () => peers()?.changed(replica()),
      peers: {
        askVote: (nodeId, request) => peers()?.askVote(replica(), nodeId, request),
        beginEpoch: (nodeId, begin) => peers()?.beginEpoch(replica(), nodeId, begin),
        endEpoch: (nodeId, end) => peers()?.endEpoch(replica(), nodeId, end),
      },
    };
  }

  #settings(topic: string): ReplicaSettings {
    const { replicaLagTimeMaxMs, cluster, inSyncChanged } = this.#options;
    return {
      fetchTimeoutMs: Math.max(fetchTimeoutMsMin, replicaLagTimeMaxMs),
      ...{ replicaLagTimeMaxMs, inSyncChanged },
      minInsyncReplicas: (dataVoters) =>
        minInsyncOf(cluster.topic(topic)?.minInsyncReplicas ?? 0, dataVoters),
    };
  }
}
