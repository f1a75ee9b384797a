import { describe, expect, it } from 'vitest';
import { PeerWorld } from './peer-world.ts';
import { expectEqualLogs, publishFor, upsetWorld } from './upset-world.ts';

describe('Peers: several nodes over one network', () => {
  it('elects a leader, copies its records to all, and tells all what is committed', () => {
    const world = new PeerWorld(1);
    world.startAll();
    world.runFor(5_000);
    expect(world.leaderOf(0)).toBeDefined();
    publishFor(world, 1_000);
    world.runFor(1_000);
    expect(world.node(1).logs[0]?.logEndOffset).toBe(101);
    expectEqualLogs(world);
  });

  it.each([2])('survives crashes, cuts and broken connections (seed %i)', (seed) => {
    const world = upsetWorld(seed, 3);
    for (const partition of [0, 1, 2, 3]) {
      expectEqualLogs(world, partition);
      expect(world.committed.get(partition)?.length).toBeGreaterThan(20);
    }
  });
});
