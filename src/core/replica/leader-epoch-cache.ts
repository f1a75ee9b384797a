import { assert } from '../../base/assert.ts';
import type { LeaderEpoch, Offset } from '../../base/brand.ts';
import type { EpochStart } from '../../ports/recovered-log.ts';

/** Where each leader epoch of a log begins; answers "where did epoch N end?" (KIP-101, KIP-279). */
export class LeaderEpochCache {
  readonly #starts: EpochStart[];

  constructor(starts: readonly EpochStart[]) {
    this.#starts = [...starts];
  }

  get latest(): EpochStart | undefined {
    return this.#starts.at(-1);
  }

  /** Notes the first batch of an epoch. Epochs and offsets only go up. */
  assign(leaderEpoch: LeaderEpoch, startOffset: Offset): void {
    const latest = this.latest;
    if (latest !== undefined && latest.leaderEpoch === leaderEpoch) return;
    assert(
      latest === undefined ||
        (latest.leaderEpoch < leaderEpoch && latest.startOffset <= startOffset),
      'leader epochs start in order',
    );
    // An epoch without a batch leaves no trace: the next one starts at the same offset and takes
    // its place.
    if (latest?.startOffset === startOffset) this.#starts.pop();
    this.#starts.push({ leaderEpoch, startOffset });
  }

  /**
   * The largest epoch at or below the one asked for, and its end (exclusive); undefined if the log
   * is younger than that epoch.
   */
  endOffsetOf(
    epoch: LeaderEpoch,
    logEndOffset: Offset,
  ): { readonly leaderEpoch: LeaderEpoch; readonly endOffset: Offset } | undefined {
    for (let i = this.#starts.length - 1; i >= 0; i--) {
      const start = this.#starts[i];
      if (start === undefined || start.leaderEpoch > epoch) continue;
      const next = this.#starts[i + 1];
      return {
        leaderEpoch: start.leaderEpoch,
        endOffset: next === undefined ? logEndOffset : next.startOffset,
      };
    }
    return undefined;
  }

  /** The epoch that wrote an offset. */
  epochAt(at: Offset): LeaderEpoch | undefined {
    for (let i = this.#starts.length - 1; i >= 0; i--) {
      const start = this.#starts[i];
      if (start !== undefined && start.startOffset <= at) return start.leaderEpoch;
    }
    return undefined;
  }
}
