import type { LeaderEpoch, Offset } from '../../base/brand.ts';
import type { VoterSet } from './voter-set.ts';

/** Where a log begins that lost its beginning to retention (as a snapshot's end, KIP-630). */
export interface LogStart {
  readonly logStartOffset: Offset;
  /** Of the batch before it; 0 at offset 0. Counts as the log's last epoch while it is empty. */
  readonly epochBefore: LeaderEpoch;
  readonly voters: VoterSet;
}
