import type { LeaderEpoch, Offset } from '../base/brand.ts';
import type { StoredVoter } from '../ports/stored-voters.ts';

/**
 * A segment that recovery reads whole. `next` is the base offset of the one behind it; none: the
 * newest.
 */
export interface SegmentCase {
  readonly base: Offset;
  readonly next: Offset | undefined;
  /** The log begins there, as far as its files say. */
  readonly isFirst: boolean;
  readonly bytes: Uint8Array;
  /** The leader epoch in front of `base`, if the batch there is known. */
  readonly epochBefore: LeaderEpoch | undefined;
  /** Who votes in front of `base`; undefined: this node alone. */
  readonly voters: readonly StoredVoter[] | undefined;
}
