import { expect, it } from 'vitest';
import { expectEqualLogs, upsetWorld } from './upset-world.ts';

it('survives crashes, cuts and broken connections, 15 seeds', { timeout: 120_000 }, () => {
  for (let seed = 1; seed <= 15; seed++) {
    const world = upsetWorld(seed, 10);
    for (const partition of [0, 1, 2, 3]) {
      expectEqualLogs(world, partition);
      expect(world.committed.get(partition)?.length).toBeGreaterThan(100);
    }
  }
});
