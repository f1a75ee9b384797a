import type { LeaderEpoch, Offset } from '../../base/brand.ts';
import type { OffsetRange } from '../../ports/recovered-log.ts';
import type { LogStart } from './log-start.ts';

/** The end of a leader epoch in a log. */
export interface EpochEnd {
  readonly leaderEpoch: LeaderEpoch;
  /** Exclusive. */
  readonly endOffset: Offset;
}

/**
 * What a replica needs of its log. A data partition has one of batches, a witness one of epochs and
 * offsets alone (V3).
 */
export interface ReplicaLog {
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
  /** Everything below it is fsynced here (L4). */
  readonly persistedOffset: Offset;
  /** Rot took nothing of it, or it is back: only then it may vote (V4). */
  readonly isWhole: boolean;
  /** What rot took, where all else that was ever promised is here; undefined: more is missing. */
  readonly onlyHoles?: readonly OffsetRange[] | undefined;
  /** Epoch of the last batch; of the batch before the log start without one; 0 at offset 0. */
  readonly lastEpoch: LeaderEpoch;
  /**
   * End of the largest epoch at or below `epoch` (KIP-101). The epoch before the log start counts
   * and ends there, 0 at offset 0; undefined: the log is younger.
   */
  endOffsetOf(epoch: LeaderEpoch): EpochEnd | undefined;
  /** The epoch that wrote an offset, if that is in no hole. */
  epochAt?(at: Offset): LeaderEpoch | undefined;
  /** Its leader of that epoch says what is committed, whether this log has it or not. */
  leaderCommitted?(highWatermark: Offset, epoch: LeaderEpoch): void;
  /** Cuts the log, in a new generation (L3, L4). */
  truncateTo(end: Offset): void;
  /** Empties it, in a new generation; it begins anew there, durably before anything else. */
  resetTo(start: LogStart): void;
}

/** How new a log is. */
export interface LogEnd {
  readonly lastEpoch: LeaderEpoch;
  readonly logEndOffset: Offset;
}

/** Which log is newer: Raft's rule for votes. */
export function isUpToDate(candidate: LogEnd, voter: LogEnd): boolean {
  if (candidate.lastEpoch !== voter.lastEpoch) return candidate.lastEpoch > voter.lastEpoch;
  return candidate.logEndOffset >= voter.logEndOffset;
}
