import type { LeaderEpoch, LogId, Offset, TimestampMs, Uuid } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';

/** A committed topic, as the Kafka surface shows it. */
export interface TopicView {
  readonly name: string;
  readonly topicId: Uuid;
  readonly partitions: number;
  readonly internal: boolean;
}

/** A node that serves Kafka clients, as they are told to reach it. */
export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** A topic that a client asks for. -1: unlimited. */
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** 0: as many as a topic gets that does not say. */
  readonly replicas: number;
  /** 0: auto (C3). */
  readonly minInsyncReplicas: number;
}

/** Why a topic is not made. */
export interface TopicRefusal {
  readonly error: ErrorCode;
  /** Of this case; absent: what the error table says. */
  readonly text?: string;
}

/** What a topic gets that does not say: the same as `topics:` of the config gives. */
export const newTopicDefaults = {
  partitions: 4,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  replicas: 0,
  minInsyncReplicas: 0,
} as const;

/** What a topic's records are kept for, and how many copies they need. */
export interface TopicSettings {
  /** -1: unlimited. */
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** As it counts now: `auto` follows the number of copies (C3). */
  readonly minInsyncReplicas: number;
}

/** Where a partition is, as far as a node knows, whether it keeps it or not. */
export interface PartitionPlace {
  /** Node id; undefined: none is known. */
  readonly leaderId: number | undefined;
  /** -1: not known. */
  readonly leaderEpoch: LeaderEpoch;
  /** Node ids of those that keep the records. */
  readonly replicaIds: readonly number[];
  /** Node ids; only the leader knows. */
  readonly inSyncIds: readonly number[];
}

/**
 * What the Kafka handlers may ask of one partition. All values are of this turn; do not keep them
 * across turns.
 */
export interface PartitionView extends PartitionPlace {
  readonly logId: LogId;
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly isLeader: boolean;
  /** The LeaderChange batch of this leader epoch is committed: `latest` may be answered (C6). */
  readonly isEpochCommitted: boolean;
  /** Led here, and nothing can be committed: fewer than `minInsyncReplicas` are in sync (C3). */
  readonly isShortOfReplicas: boolean;
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
  readonly highWatermark: Offset;
  /**
   * First offset after the given leader epoch in this log, for Fetch v12 and OffsetForLeaderEpoch.
   */
  endOffsetOf(
    epoch: LeaderEpoch,
  ): { readonly leaderEpoch: LeaderEpoch; readonly endOffset: Offset } | undefined;
}

export type ProduceOutcome =
  | { readonly ok: true; readonly baseOffset: Offset; readonly logStartOffset: Offset }
  | { readonly ok: false; readonly error: ErrorCode };

export type ReadOutcome =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: ErrorCode };

export interface FoundOffset {
  readonly offset: Offset;
  readonly timestamp: TimestampMs;
  readonly leaderEpoch: LeaderEpoch;
}

export type FindOffsetOutcome =
  | { readonly ok: true; readonly found: FoundOffset | undefined }
  | { readonly ok: false; readonly error: ErrorCode };

/** Answers come later in the same or another turn, at most once, synchronously inside a `step`. */
export type Done<T> = (outcome: T) => void;

/** What the Kafka surface needs of the node. The node core implements it; tests fake it. */
export interface BrokerView {
  readonly nodeId: number;
  readonly clusterId: Uuid;
  /** The node that decides on topics; -1: none is known. */
  readonly controllerId: number;
  /** All that serve Kafka clients, this one too. */
  readonly brokers: readonly BrokerAddress[];
  /** Of any log of this node. */
  readonly segmentBytesMax: number;
  topics(): Iterable<TopicView>;
  topic(name: string): TopicView | undefined;
  topicById(topicId: Uuid): TopicView | undefined;
  topicSettings(topic: TopicView): TopicSettings;
  /** Undefined: this node keeps no records of it. */
  partition(topic: string, partition: number): PartitionView | undefined;
  /** Undefined: there is no such partition, or nobody has placed it yet. */
  place(topic: string, partition: number): PartitionPlace | undefined;
  /** Why this topic cannot be made now; undefined: it can. */
  topicRefusal(topic: NewTopic): TopicRefusal | undefined;
  /** How many copies a topic gets that asks for so many. */
  copiesOf(replicas: number): number;
  /** Makes a topic without a refusal; answers with its id when its partitions take records. */
  createTopic(topic: NewTopic, done: Done<Uuid>): void;
  /** A producer id that no other producer has or had (P4); undefined while the node starts. */
  allocateProducerId(): bigint | undefined;
  /**
   * Appends one checked batch and answers when it is committed (C5), also for a duplicate (P2). The
   * batch bytes are the broker's from here on (it stamps base offset and leader epoch in place).
   * With `acks` 1 or 0 the answer comes no earlier: this product has one durability.
   */
  produce(partition: PartitionView, batch: Uint8Array, done: Done<ProduceOutcome>): void;
  /**
   * Whole batches from the one that holds `from`, at least one, none at or above `to`, up to
   * `bytesMax` (KIP-74).
   */
  read(
    partition: PartitionView,
    range: { readonly from: Offset; readonly to: Offset; readonly bytesMax: number },
    done: Done<ReadOutcome>,
  ): void;
  /**
   * First record at or after `timestamp` below the high watermark; -3 asks for the record with the
   * newest one.
   */
  findOffset(partition: PartitionView, timestamp: TimestampMs, done: Done<FindOffsetOutcome>): void;
}
