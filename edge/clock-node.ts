import { performance } from 'node:perf_hooks';
import { monotonicMs, timestampMs } from '../src/base/brand.ts';
import type { Clock } from '../src/ports/clock.ts';

/** The machine's two clocks. */
export const clockNode: Clock = {
  wallMs: () => timestampMs(Date.now()),
  monotonicMs: () => monotonicMs(performance.now()),
};
