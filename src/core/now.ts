import type { MonotonicMs, TimestampMs } from '../base/brand.ts';

/**
 * The time of one turn, from both clocks: deadlines only ever compare `monotonicMs`, which cannot
 * jump;
 * `wallMs` stamps CreateTime and ages segments, and nothing else.
 */
export interface Now {
  readonly wallMs: TimestampMs;
  readonly monotonicMs: MonotonicMs;
}
