import { monotonicMs, timestampMs } from '../../../src/base/brand.ts';
import type { MonotonicMs, TimestampMs } from '../../../src/base/brand.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { VirtualTime } from './virtual-time.ts';

/** 2026, give or take. */
const epochMs = 1_780_000_000_000;

/** A machine's clocks: both run at their own rate, and the wall clock is set now and then. */
export class DriftingClock implements Clock {
  readonly #time: VirtualTime;
  readonly rate: number;
  #wallOffsetMs: number;

  constructor(time: VirtualTime, rate: number, wallOffsetMs: number) {
    this.#time = time;
    this.rate = rate;
    this.#wallOffsetMs = wallOffsetMs;
  }

  wallMs(): TimestampMs {
    return timestampMs(Math.floor(epochMs + this.#wallOffsetMs + this.#time.nowMs * this.rate));
  }

  monotonicMs(): MonotonicMs {
    return monotonicMs(1_000 + this.#time.nowMs * this.rate);
  }

  setWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }
}
