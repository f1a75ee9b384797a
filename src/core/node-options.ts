import type { MonotonicMs, Uuid } from '../base/brand.ts';
import type { Random } from '../ports/random.ts';
import type { StoredFacts } from '../ports/stored-facts.ts';
import type { TopicSeed } from './boot.ts';
import type { TopicValue } from '../wire/state/state-codec.ts';
import type { ClockView } from './clock-watch.ts';
import type { ClusterReport } from './cluster/describe-cluster.ts';
import type { ClusterOptions } from './cluster/membership.ts';
import type { BrokerAddress } from './kafka/broker-view.ts';
import type { KafkaCounters } from './kafka/router.ts';
import type { Partition } from './partition.ts';
import type { WitnessReplica } from './witness-replica.ts';
import type { RouteRule } from './produce/route-table.ts';

export interface NodeOptions {
  readonly nodeId: number;
  /** Zero: it belongs to no cluster yet. */
  readonly clusterId: Uuid;
  /** Undefined: a cluster of one. */
  readonly cluster?: ClusterOptions | undefined;
  /** What the data directory knows beside its logs. */
  readonly stored?: StoredFacts | undefined;
  readonly directoryId: Uuid;
  /** Starts of this data directory, this one included. */
  readonly startCounter: number;
  /** What its last starts drew, the newest last (V4). */
  readonly startIds?: readonly Uuid[];
  readonly isJournalDamaged: boolean;
  /** Where Kafka clients reach the nodes, this one too. */
  readonly brokers: readonly BrokerAddress[];
  readonly segmentBytesMax: number;
  readonly batchBytesMax: number;
  readonly lingerMs: number;
  readonly ingestDeliveryTimeoutMs: number;
  readonly requestBytesMax: number;
  readonly autoCreateTopics: boolean;
  readonly topics: readonly TopicSeed[];
  readonly routes: readonly RouteRule[];
  /** Topics that a forward route names. */
  readonly forwardedTopics: readonly string[];
  /** `disk.whenFull: dropOldest`. */
  readonly dropsOldest: boolean;
  readonly random: Random;
}

/** It keeps no records: it serves no clients, and leads nothing (V3). */
export const isWitnessNode = ({ nodeId, cluster }: NodeOptions): boolean =>
  cluster?.peers.some((peer) => peer.nodeId === nodeId && peer.isWitness) === true;

/** What status and metrics read; snapshots of this turn. */
export interface NodeView {
  /** The time of the latest step. */
  readonly nowMs: MonotonicMs;
  readonly isReady: boolean;
  readonly isHeld: boolean;
  readonly isDiskFull: boolean;
  readonly unroutedPublishes: number;
  /** Over the life of the directory: records that drops took before central had them. */
  readonly droppedRecords: number;
  /** Since the start: QoS 0 publishes that came while the disk was full. */
  readonly droppedQos0: number;
  /** As they are committed. */
  readonly topics: Iterable<TopicValue>;
  readonly partitions: Iterable<Partition>;
  /** Partitions whose order is kept here, and not their records (V3). */
  readonly witnesses: Iterable<WitnessReplica>;
  readonly kafka: KafkaCounters;
  readonly clock: ClockView;
  /** Undefined: a cluster of one. */
  readonly cluster: ClusterReport | undefined;
  /** A partition here can neither be led nor follow for a while: not ready. */
  readonly isStranded: boolean;
  readonly replication: ReplicationCounters;
}

/** Since the start, over all partitions. */
export interface ReplicationCounters {
  /** Leader epochs that this node began. */
  readonly electionsWon: number;
  /** Another leader, or none, or this node: as it became known here. */
  readonly leaderChanges: number;
  /** In the partitions that this node led. */
  readonly inSyncLeft: number;
  readonly inSyncEntered: number;
}
