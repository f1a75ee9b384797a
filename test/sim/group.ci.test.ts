import { expect, test } from 'vitest';
import { runGroup } from './run-group.ts';

const seeds = Array.from({ length: 100 }, (_, i) => i + 1);

test('a replicated partition keeps what it acknowledged, whatever breaks', () => {
  let acknowledged = 0;
  for (const seed of seeds) {
    try {
      acknowledged += runGroup(seed, 1).acknowledged;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  expect(acknowledged).toBeGreaterThan(100 * seeds.length);
});

test('the same seed gives the same run', () => {
  for (const seed of seeds.slice(0, 10)) expect(runGroup(seed, 1)).toEqual(runGroup(seed, 1));
});
