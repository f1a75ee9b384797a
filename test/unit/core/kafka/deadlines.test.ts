import fc from 'fast-check';
import { expect, it } from 'vitest';
import { monotonicMs } from '../../../../src/base/brand.ts';
import { Deadlines } from '../../../../src/core/kafka/deadlines.ts';

it('expires in order of time what was not cancelled', () => {
  const entry = fc.record({ at: fc.nat(50), cancelled: fc.boolean() });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), fc.nat(50), (entries, now) => {
      const deadlines = new Deadlines();
      const expired: number[] = [];
      const added = entries.map(({ at }) => deadlines.add(monotonicMs(at), () => expired.push(at)));
      entries.forEach(({ cancelled }, index) => {
        const deadline = added[index];
        if (cancelled && deadline) deadlines.cancel(deadline);
      });
      const left = entries.filter(({ cancelled }) => !cancelled).map(({ at }) => at);
      left.sort((a, b) => a - b);
      expect(deadlines.next()).toBe(left[0]);
      deadlines.expire(monotonicMs(now));
      expect(expired).toEqual(left.filter((at) => at <= now));
      expect(deadlines.next()).toBe(left.find((at) => at > now));
      for (const deadline of added) deadlines.cancel(deadline);
      expect(deadlines.next()).toBeUndefined();
    }),
  );
});
