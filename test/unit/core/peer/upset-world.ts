import { expect } from 'vitest';
import { PeerWorld } from './peer-world.ts';

/** Publishes to whoever leads, for a while. */
export function publishFor(world: PeerWorld, ms: number, partitions = 1): void {
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
export function expectEqualLogs(world: PeerWorld, partition = 0): void {
  const ends = world.nodes.map(({ logs }) => logs[partition]?.logEndOffset);
  expect(new Set(ends).size).toBe(1);
  const texts = world.nodes.map(({ logs }) => JSON.stringify(logs[partition]?.slice(0, 1e9)));
  expect(new Set(texts).size).toBe(1);
  const watermarks = world.nodes.map(({ replicas }) => replicas[partition]?.highWatermark);
  expect(watermarks).toEqual(ends);
}

/** One thing goes wrong; one node at most is down. */
function upset(world: PeerWorld): void {
  const { random } = world;
  const node = random.pick(world.nodes);
  const other = random.pick(world.nodes);
  const down = world.nodes.find(({ peers }) => peers === undefined);
  switch (random.below(4)) {
    case 0:
      return down === undefined ? world.crash(node) : world.start(down);
    case 1:
      return node === other ? undefined : world.cut(node.nodeId, other.nodeId);
    case 2:
      return world.disturb(0.5);
    default:
      return undefined;
  }
}

/** Three nodes, four partitions, records all the time, faults; then everything is well again. */
export function upsetWorld(seed: number, rounds: number): PeerWorld {
  const world = new PeerWorld(seed, { partitions: 4 });
  world.startAll();
  for (let round = 0; round < rounds; round++) {
    upset(world);
    publishFor(world, 500, 4);
    world.heal();
  }
  for (const node of world.nodes) if (node.peers === undefined) world.start(node);
  world.runFor(10_000);
  publishFor(world, 200, 4);
  world.runFor(3_000);
  return world;
}
