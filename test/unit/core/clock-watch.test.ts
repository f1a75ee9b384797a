import { describe, expect, it } from 'vitest';
import { monotonicMs, timestampMs } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { ClockWatch } from '../../../src/core/clock-watch.ts';
import type { Effect } from '../../../src/core/effect.ts';
import type { Now } from '../../../src/core/now.ts';

const at = (wall: number, monotonic: number): Now => ({
  wallMs: timestampMs(wall),
  monotonicMs: monotonicMs(monotonic),
});
const set = limits.clockSetMs;

describe('ClockWatch', () => {
  it('is content with a clock that goes, or is trimmed a little', () => {
    const effects: Effect[] = [];
    const watch = new ClockWatch((effect) => effects.push(effect));
    expect(watch.observe(at(set, 0))).toBe(0);
    expect(watch.observe(at(set + 1_000, 1_000))).toBe(0);
    expect(watch.observe(at(set + 1_999 + limits.clockJumpMs, 2_000))).toBe(0);
    expect(watch.view).toEqual({ isUnset: false, jumps: 0, lastJumpMs: 0, hasJumped: false });
    expect(effects).toEqual([]);
  });

  it('sees jumps both ways, and forgets to be alarmed after a while', () => {
    const effects: Effect[] = [];
    const watch = new ClockWatch((effect) => effects.push(effect));
    watch.observe(at(10_000, 0));
    expect(watch.view.isUnset).toBe(true);
    expect(watch.observe(at(set + 10_000, 500))).toBe(set - 500);
    expect(watch.view).toMatchObject({ isUnset: false, jumps: 1, hasJumped: true });
    expect(watch.observe(at(set, 500))).toBe(-10_000);
    expect(watch.view).toMatchObject({ jumps: 2, lastJumpMs: -10_000 });
    watch.observe(at(set + limits.clockJumpAlarmMs, 500 + limits.clockJumpAlarmMs));
    expect(watch.view).toMatchObject({ jumps: 2, hasJumped: false });
    expect(effects.map(({ type }) => type)).toEqual(['Print', 'Print', 'Print']);
  });
});
