import type { Offset } from '../base/brand.ts';

/** A segment in the order of the scrub: by the place of its log, then by offset. */
export interface ScrubPlace {
  readonly log: number;
  readonly baseOffset: Offset;
}

/** A start waits at most so long before it reads: not all nodes of a site read at once. */
const firstWaitMsMax = 60_000;
/** A round takes at least the time of so many bytes, or a small log would be read without end. */
const roundBytesMin = 4 * 1024 ** 3;

/**
 * Which segment the scrub reads next, and how fast. Pure: time comes in, pauses go out, all in
 * milliseconds.
 */
export class ScrubSchedule {
  readonly #bytesPerSecond: number;
  #last: ScrubPlace | undefined;
  #roundBeganMs: number;

  /** @param bytesPerSecond above 0 */
  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#roundBeganMs = nowMs;
  }

  /** Before the first read. `chance` is from 0 to 1. */
  firstWaitMs(chance: number): number {
    return Math.floor(chance * Math.min(firstWaitMsMax, this.pauseMs(roundBytesMin)));
  }

  /** After a read of so many bytes. */
  pauseMs(bytes: number): number {
    return Math.ceil((bytes * 1_000) / this.#bytesPerSecond);
  }

  /**
   * The first place behind the last one, undefined at the end of a round; the call after that
   * begins the next. Places may come and go in between.
   */
  next(places: readonly ScrubPlace[], nowMs: number): ScrubPlace | undefined {
    if (this.#last === undefined) this.#roundBeganMs = nowMs;
    let found: ScrubPlace | undefined;
    for (const place of places) {
      const isBehind = this.#last === undefined || compare(place, this.#last) > 0;
      if (isBehind && (found === undefined || compare(place, found) < 0)) found = place;
    }
    this.#last = found;
    return found;
  }

  /** What is left of the shortest time of a round. */
  restMs(nowMs: number): number {
    const end = this.#roundBeganMs + this.pauseMs(roundBytesMin);
    return Math.max(1, end - nowMs);
  }
}

const compare = (a: ScrubPlace, b: ScrubPlace): number =>
  a.log - b.log || a.baseOffset - b.baseOffset;
