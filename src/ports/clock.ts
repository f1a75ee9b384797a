import type { MonotonicMs, TimestampMs } from '../base/brand.ts';

/**
 * The only source of time. Deadlines use `monotonicMs`; only CreateTime stamps and retention use
 * `wallMs`.
 */
export interface Clock {
  wallMs(): TimestampMs;
  monotonicMs(): MonotonicMs;
}
