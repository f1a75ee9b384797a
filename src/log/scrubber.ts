import type { Clock } from '../ports/clock.ts';
import type { PartitionLog } from './partition-log.ts';
import type { ScrubSchedule } from './scrub-schedule.ts';
import type { SegmentScrub } from './segment-scrub.ts';

/**
 * Looks for rot before somebody needs the bytes: segment after segment, round after round, slowly.
 * What it finds is named as it is for a reader that meets it (L6). It remembers nothing over a
 * start: a round begins anew then.
 */
export class Scrubber {
  readonly #logs: () => readonly PartitionLog[];
  readonly #schedule: ScrubSchedule;
  readonly #clock: Clock;
  #current: SegmentScrub | undefined;
  #bytesRead = 0;
  #rounds = 0;

  constructor(logs: () => readonly PartitionLog[], schedule: ScrubSchedule, clock: Clock) {
    this.#logs = logs;
    this.#schedule = schedule;
    this.#clock = clock;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Rounds that came to their end. */
  get rounds(): number {
    return this.#rounds;
  }

  /** Reads a little; returns how many milliseconds to wait before the next step. */
  async step(): Promise<number> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#current === undefined && !this.#begin(nowMs)) {
      this.#rounds++;
      return this.#schedule.restMs(nowMs);
    }
    const step = await this.#current?.step();
    if (step?.isDone !== false) this.#current = undefined;
    this.#bytesRead += step?.bytes ?? 0;
    return Math.max(1, this.#schedule.pauseMs(step?.bytes ?? 0));
  }

  /** False at the end of a round. */
  #begin(nowMs: number): boolean {
    const logs = this.#logs();
    const places = logs.flatMap((one, log) =>
      one.segments().map(({ baseOffset }) => ({ log, baseOffset })),
    );
    const place = this.#schedule.next(places, nowMs);
    if (place === undefined) return false;
    this.#current = logs[place.log]?.scrub(place.baseOffset);
    return true;
  }
}
