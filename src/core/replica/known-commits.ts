import { assert } from '../../base/assert.ts';
import type { LeaderEpoch, Offset } from '../../base/brand.ts';

/** What a replica knows to be committed, and whether that is all that was when it was told. */
export class KnownCommits {
  #highWatermark: Offset;
  /** The high watermark of an epoch's leader when it was first heard of. */
  #bar: { readonly leaderEpoch: LeaderEpoch; readonly at: Offset } | undefined;

  constructor(logStartOffset: Offset) {
    this.#highWatermark = logStartOffset;
  }

  /** Never lower than before in this process (C6). */
  get highWatermark(): Offset {
    return this.#highWatermark;
  }

  /** All that the leader of that epoch had committed when it was first heard of is known here. */
  hasReached(leaderEpoch: LeaderEpoch): boolean {
    return this.#bar?.leaderEpoch === leaderEpoch && this.#highWatermark >= this.#bar.at;
  }

  /** This replica leads, and has committed more. */
  committed(leaderEpoch: LeaderEpoch, at: Offset): void {
    assert(at > this.#highWatermark, 'the high watermark only rises');
    this.#highWatermark = at;
    this.#bar = { leaderEpoch, at };
  }

  /** What the leader says; of it `known` is in the log here. @returns whether that is news. */
  told(leaderEpoch: LeaderEpoch, at: Offset, known: Offset): boolean {
    if (this.#bar?.leaderEpoch !== leaderEpoch) this.#bar = { leaderEpoch, at };
    if (known <= this.#highWatermark) return false;
    this.#highWatermark = known;
    return true;
  }

  /**
   * The log begins anew, and knows nothing of what the leader had committed in front of that. An
   * answer that is late may say less, and does not count.
   */
  beganAnew(leaderEpoch: LeaderEpoch, at: Offset): void {
    this.#bar = { leaderEpoch, at };
  }
}
