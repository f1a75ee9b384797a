import type { MonotonicMs, TimestampMs } from '../base/brand.ts';
import { isoTime } from '../base/iso-time.ts';
import { limits } from '../base/limits.ts';
import type { Effect } from './effect.ts';
import type { Now } from './now.ts';

/** What status and metrics say of the wall clock. */
export interface ClockView {
  /** It stands before the product existed: it was never set. */
  readonly isUnset: boolean;
  readonly jumps: number;
  /** Of the last jump, forward or (negative) back. */
  readonly lastJumpMs: number;
  /** It has jumped a short while ago. */
  readonly hasJumped: boolean;
  /** How far it is ahead of the other nodes' clocks, or (negative) behind; 0: about right. */
  readonly apartMs?: number;
}

/**
 * Holds the wall clock against the monotonic one. Nothing is decided by the wall clock but the
 * timestamps of records and their age, and for both a jump is worth an alarm.
 */
export class ClockWatch {
  readonly #emit: (effect: Effect) => void;
  #last: Now | undefined;
  #jumpedAt: MonotonicMs | undefined;
  #jumps = 0;
  #lastJumpMs = 0;

  constructor(emit: (effect: Effect) => void) {
    this.#emit = emit;
  }

  /** When it was last observed. */
  get now(): Now | undefined {
    return this.#last;
  }

  get view(): ClockView {
    const { wallMs, monotonicMs } = this.#last ?? {};
    const sinceMs = (monotonicMs ?? 0) - (this.#jumpedAt ?? -Infinity);
    return {
      isUnset: wallMs !== undefined && isUnset(wallMs),
      jumps: this.#jumps,
      lastJumpMs: this.#lastJumpMs,
      hasJumped: sinceMs < limits.clockJumpAlarmMs,
    };
  }

  /** @returns how far the clock jumped since it was last asked; 0: it went as it should. */
  observe(now: Now): number {
    const last = this.#last;
    this.#last = now;
    if (last === undefined) {
      if (isUnset(now.wallMs)) this.#warn('The clock was never set; timestamps are wrong.', now);
      return 0;
    }
    const jumpMs = now.wallMs - last.wallMs - (now.monotonicMs - last.monotonicMs);
    if (Math.abs(jumpMs) < limits.clockJumpMs) return 0;
    this.#jumps++;
    this.#lastJumpMs = Math.round(jumpMs);
    this.#jumpedAt = now.monotonicMs;
    this.#warn('The clock has jumped; records before it may have wrong timestamps.', now);
    return jumpMs;
  }

  #warn(text: string, { wallMs }: Now): void {
    const fields = { now: isoTime(wallMs), jumpMs: this.#lastJumpMs };
    this.#emit({ type: 'Print', level: 'warn', text, fields });
  }
}

const isUnset = (wallMs: TimestampMs): boolean => wallMs < limits.clockSetMs;
