import type { TimestampMs, Uuid } from '../base/brand.ts';
import type { TopicValue } from '../wire/state/state-codec.ts';
import { uuid } from '../base/brand.ts';
import { assert } from '../base/assert.ts';
import { clusterTopicName, type ClusterState } from './cluster/cluster-state.ts';
import { minInsyncOf } from './cluster/min-insync.ts';
import type { ProducerIds } from './cluster/producer-ids.ts';
import type { TopicCreation } from './cluster/topic-creation.ts';
import type {
  BrokerAddress,
  BrokerView,
  Done,
  FindOffsetOutcome,
  NewTopic,
  PartitionPlace,
  PartitionView,
  ProduceOutcome,
  ReadOutcome,
  TopicRefusal,
  TopicSettings,
  TopicView,
} from './kafka/broker-view.ts';
import type { Partition } from './partition.ts';
import type { PartitionPlaces } from './partition-places.ts';
import type { PartitionTable } from './partition-table.ts';
import type { PendingReads, ReadRange } from './pending-reads.ts';

export interface BrokerOptions {
  readonly nodeId: number;
  /** Of a node that is not born yet: zero. */
  readonly clusterId: () => Uuid;
  /** All nodes that serve Kafka clients, this one too. */
  readonly brokers: readonly BrokerAddress[];
  readonly segmentBytesMax: number;
  readonly cluster: ClusterState;
  readonly partitions: PartitionTable;
  readonly places: PartitionPlaces;
  readonly reads: PendingReads;
  readonly producerIds: ProducerIds;
  readonly creation: TopicCreation;
  /** New records have no room now. */
  readonly isHeld: () => boolean;
}

/**
 * The node as its Kafka surface sees it: committed topics (C7), partitions, and the ways in and out
 * of them.
 */
export class Broker implements BrokerView {
  readonly nodeId: number;
  readonly brokers: readonly BrokerAddress[];
  readonly segmentBytesMax: number;
  readonly #options: BrokerOptions;
  #pendingBytes = 0;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.nodeId = options.nodeId;
    this.brokers = options.brokers;
    this.segmentBytesMax = options.segmentBytesMax;
  }

  get clusterId(): Uuid {
    return this.#options.clusterId();
  }

  get controllerId(): number {
    return this.#options.partitions.find(clusterTopicName, 0)?.leaderId ?? -1;
  }

  /** Bytes that Kafka clients produced and that are not committed yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  *topics(): Iterable<TopicView> {
    for (const topic of this.#options.cluster.topics()) yield toView(topic);
    // `__cluster` holds the topics and is none of its own records.
    const own = this.#clusterTopic();
    if (own !== undefined) yield own;
  }

  topic(name: string): TopicView | undefined {
    const topic = this.#options.cluster.topic(name);
    if (topic !== undefined) return toView(topic);
    const own = this.#clusterTopic();
    return own?.name === name ? own : undefined;
  }

  topicById(topicId: Uuid): TopicView | undefined {
    const topic = this.#options.cluster.topicById(topicId);
    if (topic !== undefined) return toView(topic);
    const own = this.#clusterTopic();
    return own?.topicId === topicId ? own : undefined;
  }

  topicSettings({ name }: TopicView): TopicSettings {
    const topic = this.#options.cluster.topic(name);
    const copies = this.place(name, 0)?.replicaIds.length ?? this.copiesOf(topic?.replicas ?? 0);
    return {
      retentionMs: topic?.retentionMs ?? -1,
      retentionBytes: topic?.retentionBytes ?? -1,
      minInsyncReplicas: minInsyncOf(topic?.minInsyncReplicas ?? 0, copies),
    };
  }

  partition(topic: string, partition: number): PartitionView | undefined {
    const known = this.topic(topic);
    if (known === undefined) return undefined;
    return this.#options.partitions.findById(topic, known.topicId, partition);
  }

  place(topic: string, partition: number): PartitionPlace | undefined {
    const known = this.topic(topic);
    return known && this.#options.places.find(known, partition);
  }

  topicRefusal(topic: NewTopic): TopicRefusal | undefined {
    if (this.#options.isHeld()) return { error: 'KAFKA_STORAGE_ERROR' };
    return this.#options.creation.refusal(topic);
  }

  copiesOf(replicas: number): number {
    return this.#options.creation.copiesOf(replicas);
  }

  createTopic(topic: NewTopic, done: Done<Uuid>): void {
    this.#options.creation.create(topic, ({ topicId }) => done(uuid(topicId)));
  }

  allocateProducerId(): bigint | undefined {
    return this.#options.producerIds.allocate();
  }

  produce(partition: PartitionView, batch: Uint8Array, done: Done<ProduceOutcome>): void {
    if (this.#options.isHeld()) return done({ ok: false, error: 'KAFKA_STORAGE_ERROR' });
    this.#pendingBytes += batch.length;
    this.#own(partition).produce(batch, (outcome) => {
      this.#pendingBytes -= batch.length;
      done(outcome);
    });
  }

  read(partition: PartitionView, range: ReadRange, done: Done<ReadOutcome>): void {
    this.#options.reads.read(this.#own(partition), range, done);
  }

  findOffset(
    partition: PartitionView,
    timestamp: TimestampMs,
    done: Done<FindOffsetOutcome>,
  ): void {
    this.#options.reads.findOffset(this.#own(partition), timestamp, done);
  }

  #own(view: PartitionView): Partition {
    const partition = this.#options.partitions.byLog(view.logId);
    assert(partition !== undefined, 'a partition view is one of ours');
    return partition;
  }

  #clusterTopic(): TopicView | undefined {
    const own = this.#options.partitions.find(clusterTopicName, 0);
    if (own === undefined) return undefined;
    return { name: own.topic, topicId: own.topicId, partitions: 1, internal: true };
  }
}

function toView(topic: TopicValue): TopicView {
  const { name, topicId, partitions, internal } = topic;
  return { name, topicId: uuid(topicId), partitions, internal };
}
