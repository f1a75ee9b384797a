import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Numbered } from '../../../src/base/numbered.ts';

it('holds what a Map holds, whatever comes and goes', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 700 }) }),
      fc.record({ take: fc.nat({ max: 5_000 }) }),
      fc.record({ get: fc.nat({ max: 5_000 }) }),
    ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (list) => {
      const numbered = new Numbered<{ readonly number: number }>();
      const map = new Map<number, { readonly number: number }>();
      let last = 0;
      for (const step of list) {
        if ('add' in step) {
          last += step.add;
          const item = { number: last };
          numbered.set(last, item);
          map.set(last, item);
        } else if ('take' in step) {
          expect(numbered.take(step.take)).toBe(map.get(step.take));
          map.delete(step.take);
        } else expect(numbered.get(step.get)).toBe(map.get(step.get));
        expect(numbered.size).toBe(map.size);
      }
    }),
  );
});

it('forgets an item that was taken', () => {
  const numbered = new Numbered<object>();
  for (const number of [1, 511, 512, 100_000]) {
    const item = {};
    numbered.set(number, item);
    expect(numbered.take(number)).toBe(item);
    expect(numbered.take(number)).toBeUndefined();
  }
  expect(numbered.size).toBe(0);
});
