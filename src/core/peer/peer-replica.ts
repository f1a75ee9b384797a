import type { LogId, Offset, Uuid } from '../../base/brand.ts';
import type { OffsetRange } from '../../ports/recovered-log.ts';
import type { Now } from '../now.ts';
import type { LogStart } from '../replica/log-start.ts';
import type { Replica } from '../replica/replica.ts';
import type { WitnessRange } from '../witness-range.ts';

/**
 * One replica on this node, as the traffic between nodes sees it: a data partition or a witness.
 * All values are of this turn.
 */
export interface PeerReplica {
  readonly logId: LogId;
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly replica: Replica;
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
  readonly highWatermark: Offset;
  /** A truncation or reset is on its way to the disk: nothing is fetched until it is done. */
  readonly isCutting: boolean;
  /** What rot took, with several voters: it is fetched again (V4). */
  readonly holes: readonly OffsetRange[];
  /** Follower's side: bytes of `appendFetched` that the disk does not have yet. */
  readonly waitingBytes: number;
  /** Whole batches of the leader for the first hole, from its beginning on. */
  repair(batches: Uint8Array): void;
  /** Leader's side: what a replica that is below the log start is told. */
  startForReset(): LogStart;
  /** Leader's side: what a witness is told of a part of the log (V3). */
  witnessRange(from: Offset, to: Offset): WitnessRange;
  /**
   * Follower's side: whole batches of the leader's log from this log's end on, as they came. The
   * bytes are the replica's from here on. A batch that does not fit (offset, epoch, CRC, V6) ends
   * it: false, and nothing of it and behind it is kept.
   */
  appendFetched(records: Uint8Array, now: Now): boolean;
  /**
   * Witness's side: what the leader's log holds from this one's end on. Nothing of a range that
   * does not fit is kept; false then, and where records are kept.
   */
  appendWitnessed(range: WitnessRange): boolean;
  /**
   * Follower's side: what the leader's answer says of its log, where it begins and how much of it
   * is committed. Never deletes above its own high watermark.
   */
  leaderLogStart(logStartOffset: Offset, highWatermark: Offset): void;
  /**
   * Follower's side: this log lies below the leader's log start and begins anew there. Called by
   * `Replica.belowStart` alone, which knows whether the answer is of today and can be true.
   */
  resetTo(start: LogStart): void;
}
