import type { LeaderEpoch, Offset } from '../../base/brand.ts';

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
  /** Epoch of the last batch; 0 without one. */
  readonly lastEpoch: LeaderEpoch;
  /** End of the largest epoch at or below `epoch` (KIP-101); undefined: the log is younger. */
  endOffsetOf(epoch: LeaderEpoch): EpochEnd | undefined;
  /** Cuts the log, in a new generation (L3, L4). */
  truncateTo(end: Offset): void;
}

/** Which log is newer: Raft's rule for votes. */
export function isUpToDate(
  candidate: { readonly lastEpoch: number; readonly logEndOffset: number },
  voter: { readonly lastEpoch: number; readonly logEndOffset: number },
): boolean {
  if (candidate.lastEpoch !== voter.lastEpoch) return candidate.lastEpoch > voter.lastEpoch;
  return candidate.logEndOffset >= voter.logEndOffset;
}
