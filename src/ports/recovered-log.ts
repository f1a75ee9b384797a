import type { LeaderEpoch, LogGeneration, Offset, TimestampMs, Uuid } from '../base/brand.ts';
import type { StoredVoter, VotersFrom } from './stored-voters.ts';

/** Where a leader epoch begins in a log. */
export interface EpochStart {
  readonly leaderEpoch: LeaderEpoch;
  readonly startOffset: Offset;
}

/** What idempotence needs of one stored batch (KIP-98). */
export interface ProducerBatch {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: Offset;
  readonly lastOffset: Offset;
  readonly timestamp: TimestampMs;
}

/** Offsets from `from` to below `to`. */
export interface OffsetRange {
  readonly from: Offset;
  readonly to: Offset;
}

/** Stored bytes that failed their checks (L6): offsets [from, to) cannot be served. */
export interface RotRange extends OffsetRange {
  readonly file: string;
  readonly reason: string;
  /** Where the bytes were set aside, if they were. */
  readonly setAside?: string;
}

export interface SegmentSummary {
  readonly baseOffset: Offset;
  readonly bytes: number;
  /** Largest record timestamp in it; -1 if it has no record. */
  readonly maxTimestamp: TimestampMs;
}

/** A segment, for whoever lists them. */
export interface SegmentInfo extends SegmentSummary {
  readonly endOffset: Offset;
}

/**
 * What a log knows of itself after recovery or truncation. Every byte of it is durable (L7). The
 * producer state is
 * `producerSnapshot` (Kafka's .snapshot bytes as of `producerSnapshotOffset`) with
 * `producerBatches` replayed on it.
 */
export interface RecoveredLog {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly generation: LogGeneration;
  readonly logStartOffset: Offset;
  /** Leader epoch of the last batch below the log start; 0: none. */
  readonly epochBeforeStart: LeaderEpoch;
  /** Who votes at the log start (V1); undefined: never stored, a cluster of one from before. */
  readonly startVoters: readonly StoredVoter[] | undefined;
  /**
   * The Voters records of the log, ascending, each in force from its offset on; those that rot took
   * are known from the journal.
   */
  readonly voterRecords: readonly VotersFrom[];
  /**
   * With several voters: the holes of this log. It was counted for what is lost there and does not
   * vote until they are filled (V4). None where this node is the only voter: it goes on (L6).
   */
  readonly mustRefetch: readonly OffsetRange[];
  readonly logEndOffset: Offset;
  readonly epochStarts: readonly EpochStart[];
  readonly producerSnapshot: Uint8Array | undefined;
  readonly producerSnapshotOffset: Offset;
  readonly producerBatches: readonly ProducerBatch[];
  /**
   * Producer state begins anew behind this offset (a hole of rot, L6); undefined without a hole.
   */
  readonly producerStateFrom: Offset | undefined;
  readonly activeSegment: SegmentSummary;
  readonly rot: readonly RotRange[];
}
