import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TurnoverMap } from '../../../src/base/turnover-map.ts';

it('holds what a Map holds, whatever comes and goes', () => {
  const key = fc.nat({ max: 200 });
  const step = fc.oneof(
    { arbitrary: fc.record({ set: key }), weight: 4 },
    { arbitrary: fc.record({ delete: key }), weight: 4 },
    fc.constant('clear' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1_000, size: 'max' }), (steps) => {
      const map = new Map<number, object>();
      const turnover = new TurnoverMap<number, object>();
      for (const one of steps) {
        if (one === 'clear') {
          map.clear();
          turnover.clear();
        } else if ('set' in one) {
          const value = {};
          map.set(one.set, value);
          turnover.set(one.set, value);
        } else {
          map.delete(one.delete);
          turnover.delete(one.delete);
        }
        expect(turnover.size).toBe(map.size);
      }
      for (let at = 0; at <= 200; at++) expect(turnover.get(at)).toBe(map.get(at));
      const byKey = (a: number, b: number): number => a - b;
      expect([...turnover.keys()].sort(byKey)).toEqual([...map.keys()].sort(byKey));
      expect(new Set(turnover.values())).toEqual(new Set(map.values()));
    }),
    { numRuns: 30 },
  );
});
