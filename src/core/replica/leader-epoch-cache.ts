import { assert } from '../../base/assert.ts';
import type { LeaderEpoch, Offset } from '../../base/brand.ts';
import type { EpochStart } from '../../ports/recovered-log.ts';

/** Where each leader epoch of a log begins; answers "where did epoch N end?" (KIP-101, KIP-279). */
export class LeaderEpochCache {
  #starts: EpochStart[];
  #epochBefore: LeaderEpoch | undefined;

  /** @param epochBefore of the batch before the log start (0 at offset 0); undefined: unknown. */
  constructor(starts: readonly EpochStart[], epochBefore?: LeaderEpoch) {
    this.#starts = [...starts];
    this.#epochBefore = epochBefore;
  }

  /** Epoch of the batch before the log start; undefined: unknown. */
  get epochBefore(): LeaderEpoch | undefined {
    return this.#epochBefore;
  }

  get latest(): EpochStart | undefined {
    return this.#starts.at(-1);
  }

  /** Ascending. */
  get starts(): readonly EpochStart[] {
    return this.#starts;
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
   * A hole was filled: epochs may begin in it. Whatever was seen of an epoch before lies in it, so
   * the lowest offset is its start.
   */
  learned(starts: readonly EpochStart[]): void {
    const lowest = new Map<LeaderEpoch, Offset>();
    for (const { leaderEpoch, startOffset } of [...this.#starts, ...starts]) {
      const known = lowest.get(leaderEpoch);
      if (known === undefined || startOffset < known) lowest.set(leaderEpoch, startOffset);
    }
    const all = [...lowest].map(([leaderEpoch, startOffset]) => ({ leaderEpoch, startOffset }));
    this.#starts = all.sort((a, b) => a.leaderEpoch - b.leaderEpoch);
  }

  /** The log was cut. */
  truncated(to: Offset): void {
    this.#starts = this.#starts.filter(({ startOffset }) => startOffset < to);
  }

  /** The log lost its beginning; the epoch of the last batch that went is kept. */
  logStartAdvanced(to: Offset): void {
    const before = this.#starts.findLastIndex(({ startOffset }) => startOffset < to);
    const last = this.#starts[before];
    if (last === undefined) return;
    this.#epochBefore = last.leaderEpoch;
    this.#starts.splice(0, before + 1);
    // Its epoch may go on behind the new log start.
    if (this.#starts[0]?.startOffset !== to) {
      this.#starts.unshift({ leaderEpoch: last.leaderEpoch, startOffset: to });
    }
  }

  /**
   * The largest epoch at or below the one asked for, and its end (exclusive). The epoch before the
   * log start ends there. Undefined if the log is younger than that epoch.
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
    const before = this.#epochBefore;
    if (before === undefined || before > epoch) return undefined;
    return { leaderEpoch: before, endOffset: this.#starts[0]?.startOffset ?? logEndOffset };
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
