import { describe, expect, it } from 'vitest';
import { monotonicMs, timestampMs } from '../../../../src/base/brand.ts';
import { limits } from '../../../../src/base/limits.ts';
import type { Effect } from '../../../../src/core/effect.ts';
import type { Now } from '../../../../src/core/now.ts';
import { PeerClocks } from '../../../../src/core/peer/peer-clocks.ts';

const today = 1_795_000_000_000;
const fiftyYears = 50 * 365 * 86_400_000;
const at = (wallMs: number, monotonic = 0): Now => ({
  wallMs: timestampMs(wallMs),
  monotonicMs: monotonicMs(monotonic),
});

const clocks = (): { readonly known: PeerClocks; readonly printed: Effect[] } => {
  const printed: Effect[] = [];
  return { known: new PeerClocks((effect) => printed.push(effect)), printed };
};

describe('PeerClocks', () => {
  it('goes by its own clock where it knows no other, or none that was ever set', () => {
    const { known } = clocks();
    expect(known.agreed(at(today))).toBe(today);
    expect(known.agreed(at(5))).toBe(5);
    known.told(2, 7, at(today));
    expect(known.agreed(at(today))).toBe(today);
  });

  it.each([
    ['ahead', today + fiftyYears],
    ['never set', 1_000],
  ])('outvotes its own clock that is %s by those of two others, which go on', (_, own) => {
    const { known } = clocks();
    known.told(2, today, at(own));
    known.told(3, today + 40, at(own));
    expect(known.agreed(at(own))).toBe(own < today ? today : today + 40);
    expect(known.agreed(at(own + 9_000, 9_000))).toBe((own < today ? today : today + 40) + 9_000);
  });

  it('outvotes another clock that is ahead, and takes the earlier one of two', () => {
    const { known } = clocks();
    known.told(2, today + fiftyYears, at(today));
    expect(known.agreed(at(today))).toBe(today);
    expect(known.agreed(at(today + 2 * fiftyYears))).toBe(today + fiftyYears);
  });

  it('warns once while its clock is apart, at the limit, and again after it was right', () => {
    const { known, printed } = clocks();
    const ahead = (ms: number): void => {
      for (const nodeId of [2, 3]) known.told(nodeId, today, at(today + ms));
    };
    ahead(limits.clockApartMs - 1);
    expect([known.apartMs(at(today + limits.clockApartMs - 1)), printed.length]).toEqual([0, 0]);
    ahead(limits.clockApartMs);
    ahead(fiftyYears);
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatchObject({ text: expect.stringContaining('ahead of') });
    expect(known.apartMs(at(today - fiftyYears))).toBe(-fiftyYears);
    ahead(0);
    ahead(fiftyYears);
    expect(printed).toHaveLength(2);
  });
});
