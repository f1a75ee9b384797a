import { describe, expect, it } from 'vitest';
import { PeerWorld } from './peer-world.ts';

/** Publishes to whoever leads, for a while. */
function publishFor(world: PeerWorld, ms: number, partitions = 1): void {
  for (let i = 0; i < ms / 10; i++) {
    for (let partition = 0; partition < partitions; partition++) {
      const leader = world.leaderOf(partition);
      const node = world.nodes.find(({ replicas }) => leader && replicas.includes(leader));
      if (leader !== undefined && node !== undefined) {
        world.inTurn(node, () => void leader.publish(Math.floor(world.queue.nowMs)));
      }
    }
    world.runFor(10);
  }
}

/** Every node has the same records of a partition, and knows that they are committed. */
function expectEqualLogs(world: PeerWorld, partition = 0): void {
  const ends = world.nodes.map(({ logs }) => logs[partition]?.logEndOffset);
  expect(new Set(ends).size).toBe(1);
  const texts = world.nodes.map(({ logs }) => JSON.stringify(logs[partition]?.slice(0, 1e9)));
  expect(new Set(texts).size).toBe(1);
  const watermarks = world.nodes.map(({ replicas }) => replicas[partition]?.highWatermark);
  expect(watermarks).toEqual(ends);
}

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
});
