import { describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../../src/base/brand.ts';
import { LeaderWatch } from '../../../../src/core/replica/leader-watch.ts';

function newWatch() {
  const heard = new Map<number, number>();
  const share = { now: 0.5 };
  const watch = new LeaderWatch(
    {
      ...{ fetchTimeoutMs: 1_000, random: { next: () => 0.5 }, stepShare: () => share.now },
      heardAt: (nodeId) => {
        const at = heard.get(nodeId);
        return at === undefined ? undefined : monotonicMs(at);
      },
    },
    monotonicMs(0),
  );
  watch.follow(7);
  return { watch, heard, share };
}

describe('LeaderWatch (T2, T3)', () => {
  it('asks when its leader was heard only once the timer fires, and waits on from there', () => {
    const { watch, heard } = newWatch();
    expect(watch.isDue(monotonicMs(1_499))).toBe(false);
    heard.set(7, 1_200);
    expect(watch.electionAtMs).toBe(1_500);
    expect(watch.isDue(monotonicMs(1_500))).toBe(false);
    expect(watch.electionAtMs).toBe(2_700);
    expect(watch.isDue(monotonicMs(2_700))).toBe(true);
  });

  it('waits for nobody whose node refuses connections, until it is heard again', () => {
    const { watch, heard } = newWatch();
    heard.set(7, 100);
    expect(watch.isSilent(monotonicMs(110))).toBe(false);
    watch.refused(monotonicMs(110));
    expect(watch.electionAtMs).toBe(210);
    expect([watch.isSilent(monotonicMs(120)), watch.isDue(monotonicMs(210))]).toEqual([true, true]);
    heard.set(7, 130);
    expect([watch.isSilent(monotonicMs(140)), watch.isDue(monotonicMs(210))]).toEqual([
      false,
      false,
    ]);
  });

  it('keeps the time that the first refusal drew', () => {
    const { watch, share } = newWatch();
    share.now = 0.9;
    watch.refused(monotonicMs(100));
    share.now = 0;
    watch.refused(monotonicMs(101));
    expect(watch.electionAtMs).toBe(240);
  });

  it('lets another one campaign first, also when it was about to', () => {
    const { watch } = newWatch();
    watch.armSoon(monotonicMs(100));
    watch.armAfterFirst(monotonicMs(110));
    expect(watch.electionAtMs).toBe(410);
  });

  it('does not wait long for it when another voter names it once more', () => {
    const { watch, heard } = newWatch();
    heard.set(7, 100);
    watch.refused(monotonicMs(110));
    watch.follow(undefined);
    watch.follow(7);
    watch.arm(monotonicMs(200));
    expect([watch.isSilent(monotonicMs(200)), watch.electionAtMs]).toEqual([true, 300]);
    heard.set(7, 210);
    watch.arm(monotonicMs(220));
    expect([watch.isSilent(monotonicMs(220)), watch.electionAtMs]).toEqual([false, 1_720]);
  });

  it('is not held by another node than its leader', () => {
    const { watch, heard } = newWatch();
    heard.set(8, 1_400);
    expect(watch.isDue(monotonicMs(1_500))).toBe(true);
    expect(watch.isSilent(monotonicMs(1_500))).toBe(true);
    watch.follow(undefined);
    expect(watch.isSilent(monotonicMs(0))).toBe(true);
  });
});
