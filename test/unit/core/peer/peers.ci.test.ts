import { expect, it } from 'vitest';
import { expectEqualLogs, upsetWorld } from './upset-world.ts';

const seeds = 15;

it('survives crashes, cuts and broken connections, 15 seeds', { timeout: 120_000 }, () => {
  const counts: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const world = upsetWorld(seed, 10);
    for (const partition of [0, 1, 2, 3]) {
      expectEqualLogs(world, partition);
      counts.push(world.committed.get(partition)?.length ?? 0);
    }
  }
  // Of five seconds with faults an election may take most, for one partition in twenty; behind them
  // there is always a leader.
  expect(Math.min(...counts)).toBeGreaterThan(15);
  expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(seeds * 4 * 250);
});
