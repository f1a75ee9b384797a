import type { LeaderEpoch, LogId, Offset, Uuid } from '../../src/base/brand.ts';
import type { ErrorCode } from '../../src/base/errors.ts';
import { leaderEpoch, logId, offset, uuid } from '../../src/base/brand.ts';
import type {
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
} from '../../src/core/kafka/broker-view.ts';

/** One partition as a test sets it. */
export interface FakePartition {
  logId: LogId;
  topic: string;
  topicId: Uuid;
  partition: number;
  isLeader: boolean;
  leaderId: number | undefined;
  replicaIds: number[];
  inSyncIds: number[];
  isEpochCommitted: boolean;
  isShortOfReplicas: boolean;
  leaderEpoch: LeaderEpoch;
  logStartOffset: Offset;
  logEndOffset: Offset;
  highWatermark: Offset;
  endOffsetOf: PartitionView['endOffsetOf'];
}

export interface Call<T> {
  readonly partition: PartitionView;
  readonly done: Done<T>;
}

/** A BrokerView that notes what it is asked; the test answers when it likes. */
export class FakeBrokerView implements BrokerView {
  readonly nodeId = 1;
  readonly clusterId = uuid('11111111-2222-3333-4444-555555555555');
  controllerId = 1;
  readonly brokers = [{ nodeId: 1, host: 'gateway', port: 9092 }];
  readonly list: TopicView[] = [];
  readonly partitions = new Map<string, FakePartition>();
  /** Of partitions that the node does not keep. */
  readonly places = new Map<string, PartitionPlace>();
  readonly produces: (Call<ProduceOutcome> & { readonly batch: Uint8Array })[] = [];
  readonly reads: (Call<ReadOutcome> & { readonly range: Parameters<BrokerView['read']>[1] })[] =
    [];
  readonly searches: (Call<FindOffsetOutcome> & { readonly timestamp: number })[] = [];
  readonly creations: { readonly topic: NewTopic; readonly done: Done<Uuid> }[] = [];
  refusal: ErrorCode | undefined;
  /** Of a topic that does not say how many. */
  copies = 1;
  readonly segmentBytesMax = 4_096;
  settings: TopicSettings = { retentionMs: -1, retentionBytes: -1, minInsyncReplicas: 1 };
  nextProducerId: bigint | undefined = 1_000n;

  addTopic(name: string, partitions: number): FakePartition {
    const topicId = uuid(`00000000-0000-0000-0000-00000000000${this.list.length + 1}`);
    this.list.push({ name, topicId, partitions, internal: name.startsWith('__') });
    for (let partition = 0; partition < partitions; partition++) {
      this.partitions.set(`${name}/${partition}`, this.#newPartition({ name, topicId, partition }));
    }
    return this.partitions.get(`${name}/0`) as FakePartition;
  }

  #newPartition(of: { name: string; topicId: Uuid; partition: number }): FakePartition {
    return {
      logId: logId(this.partitions.size),
      topic: of.name,
      topicId: of.topicId,
      partition: of.partition,
      isLeader: true,
      leaderId: 1,
      replicaIds: [1],
      inSyncIds: [1],
      isEpochCommitted: true,
      isShortOfReplicas: false,
      leaderEpoch: leaderEpoch(4),
      logStartOffset: offset(0),
      logEndOffset: offset(10),
      highWatermark: offset(10),
      endOffsetOf: () => undefined,
    };
  }

  topics(): Iterable<TopicView> {
    return this.list;
  }

  topic(name: string): TopicView | undefined {
    return this.list.find((topic) => topic.name === name);
  }

  topicById(topicId: Uuid): TopicView | undefined {
    return this.list.find((topic) => topic.topicId === topicId);
  }

  topicSettings(): TopicSettings {
    return this.settings;
  }

  partition(topic: string, partition: number): PartitionView | undefined {
    return this.partitions.get(`${topic}/${partition}`);
  }

  place(topic: string, partition: number): PartitionPlace | undefined {
    return this.partition(topic, partition) ?? this.places.get(`${topic}/${partition}`);
  }

  topicRefusal(topic: NewTopic): TopicRefusal | undefined {
    if (this.topic(topic.name) !== undefined) return { error: 'TOPIC_ALREADY_EXISTS' };
    return this.refusal === undefined ? undefined : { error: this.refusal };
  }

  copiesOf(replicas: number): number {
    return replicas === 0 ? this.copies : replicas;
  }

  createTopic(topic: NewTopic, done: Done<Uuid>): void {
    this.creations.push({ topic, done });
  }

  allocateProducerId(): bigint | undefined {
    return this.nextProducerId;
  }

  produce(partition: PartitionView, batch: Uint8Array, done: Done<ProduceOutcome>): void {
    this.produces.push({ partition, batch, done });
  }

  read(
    partition: PartitionView,
    range: Parameters<BrokerView['read']>[1],
    done: Done<ReadOutcome>,
  ): void {
    this.reads.push({ partition, range, done });
  }

  findOffset(partition: PartitionView, timestamp: number, done: Done<FindOffsetOutcome>): void {
    this.searches.push({ partition, timestamp, done });
  }
}
