import type { MonotonicMs, Offset } from '../../base/brand.ts';

/** Falling out twice within this time costs a wait before the next entry (C4). */
const flapWindowMs = 60_000;
const reentryMsMin = 10_000;
const reentryMsMax = 300_000;

/** What must be persisted before a data voter enters (C4). */
export interface EntryBar {
  readonly highWatermark: Offset;
  readonly epochStartOffset: Offset;
  /** Everything below it was offered to a witness; 0 without one. */
  readonly offeredOffset: Offset;
}

/**
 * The in-sync place of one data voter, as its leader sees it (C4). Out: not caught up for the lag
 * time, or unreachable. In: persisted all that the bar names.
 */
export class InSyncMember {
  #isIn: boolean;
  #caughtUpAtMs: MonotonicMs;
  #leftAtMs: number | undefined;
  #penaltyMs = 0;

  /** A new leader starts with those that it heard of within the lag time. */
  constructor(isIn: boolean, caughtUpAtMs: MonotonicMs) {
    this.#isIn = isIn;
    this.#caughtUpAtMs = caughtUpAtMs;
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  /** When it fell out last; only what is heard of it since says that it is back. */
  get leftAtMs(): number {
    return this.#leftAtMs ?? Number.NEGATIVE_INFINITY;
  }

  /** When it falls out unless it catches up; undefined: it is out. */
  dueAt(lagTimeMaxMs: number): number | undefined {
    return this.#isIn ? this.#caughtUpAtMs + lagTimeMaxMs : undefined;
  }

  /** It has persisted what the leader had at `atMs`. */
  caughtUp(atMs: MonotonicMs): void {
    if (atMs > this.#caughtUpAtMs) this.#caughtUpAtMs = atMs;
  }

  /** @returns whether it fell out now. */
  expire(nowMs: MonotonicMs, lagTimeMaxMs: number): boolean {
    // The same sum as in `dueAt`: a difference may round to the other side of it.
    const dueAtMs = this.dueAt(lagTimeMaxMs);
    if (dueAtMs === undefined || nowMs < dueAtMs) return false;
    return this.leave(nowMs);
  }

  /** Its node refused a connection, or it fell behind. @returns whether it fell out now. */
  leave(nowMs: MonotonicMs): boolean {
    if (!this.#isIn) return false;
    this.#isIn = false;
    const isFlapping = this.#leftAtMs !== undefined && nowMs - this.#leftAtMs < flapWindowMs;
    this.#penaltyMs = isFlapping
      ? Math.min(Math.max(2 * this.#penaltyMs, reentryMsMin), reentryMsMax)
      : 0;
    this.#leftAtMs = nowMs;
    return true;
  }

  /** @returns whether it entered now. */
  enter(nowMs: MonotonicMs, persistedOffset: Offset, bar: EntryBar): boolean {
    if (this.#isIn) return false;
    if (this.#leftAtMs !== undefined && nowMs - this.#leftAtMs < this.#penaltyMs) return false;
    const wanted = Math.max(bar.highWatermark, bar.epochStartOffset + 1, bar.offeredOffset);
    if (persistedOffset < wanted) return false;
    this.#isIn = true;
    this.#caughtUpAtMs = nowMs;
    return true;
  }
}
