import { expect, test } from 'vitest';
import { Prng } from '../../../../src/base/prng.ts';
import { Backoff, jitterMs } from '../../../../src/core/forward/backoff.ts';

test('pauses double, stay within half and all of their ceiling, and never pass the maximum', () => {
  const backoff = new Backoff(new Prng(7), 100, 30_000);
  for (let attempt = 0; attempt < 40; attempt++) {
    const ceiling = Math.min(30_000, 100 * 2 ** attempt);
    const pause = backoff.nextMs();
    expect(pause).toBeGreaterThanOrEqual(ceiling / 2);
    expect(pause).toBeLessThanOrEqual(ceiling);
  }
});

test('a success makes the next pause short again', () => {
  const backoff = new Backoff({ next: () => 0.999999 }, 100, 30_000);
  backoff.nextMs();
  backoff.nextMs();
  backoff.reset();
  expect(backoff.nextMs()).toBeLessThanOrEqual(100);
});

test('jitter covers its range and nothing else', () => {
  const prng = new Prng(3);
  const draws = Array.from({ length: 500 }, () => jitterMs(prng, 5_000, 30_000));
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(5_000);
  expect(Math.max(...draws)).toBeLessThanOrEqual(30_000);
  expect(Math.max(...draws) - Math.min(...draws)).toBeGreaterThan(20_000);
});
