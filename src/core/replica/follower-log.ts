import type { Offset } from '../../base/brand.ts';
import { offset } from '../../base/brand.ts';
import type { LogStart } from './log-start.ts';
import type { EpochEnd, ReplicaLog } from './replica-log.ts';
import type { VoterHistory } from './voter-set.ts';

/** A log that follows a leader's. */
export interface FollowerLog {
  readonly log: ReplicaLog;
  readonly voters: VoterHistory;
  readonly highWatermark: Offset;
}

/**
 * Cuts the log where it leaves the leader's (KIP-101, KIP-279), and the voter sets with it (V1).
 * @returns false if it would cut what is committed.
 */
export function cutToLeader(end: EpochEnd, { log, voters, highWatermark }: FollowerLog): boolean {
  const own = log.endOffsetOf(end.leaderEpoch);
  const to = Math.max(Math.min(own?.endOffset ?? 0, end.endOffset), log.logStartOffset);
  if (to < highWatermark) return false;
  if (to >= log.logEndOffset) return true;
  log.truncateTo(offset(to));
  voters.truncated(offset(to));
  return true;
}

/**
 * Empties the log, which begins anew at the leader's log start.
 * @returns false if it would drop what is committed.
 */
export function beginAnew(start: LogStart, { log, voters, highWatermark }: FollowerLog): boolean {
  if (start.logStartOffset < highWatermark) return false;
  log.resetTo(start);
  voters.reset(start.voters, start.logStartOffset);
  return true;
}
