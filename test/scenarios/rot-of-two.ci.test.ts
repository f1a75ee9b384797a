/** Two data nodes and no witness: rot in the copy of the one that leads (L6, V4). */
import { expect, test } from 'vitest';
import { ClusterWorld } from '../sim/cluster/cluster-world.ts';

const client = {
  clean: false,
  qosShares: [0, 1, 1],
  everyMs: 200,
  windowMax: 4,
  roams: 4,
} as const;
const nodes = [1, 2].map((nodeId) => ({ nodeId, isWitness: false }));

test.each([
  ['is found while it runs', 0],
  ['is found at its start', 1],
  ['is found when both start', 2],
])('rot in the copy of the leader of two nodes %s and mended, by itself', async (_, ending) => {
  const world = new ClusterWorld(7, {
    shape: { nodes, partitions: 1, segmentBytes: 2_048, clockDrift: 0, isForwarded: true },
    producers: [],
    clients: nodes.map(({ nodeId }) => ({ ...client, clientId: `sensor-${nodeId}` })),
  });
  const { time, machines, clients, counts } = world;
  const uninstall = time.install();
  try {
    for (const machine of machines) machine.start();
    let handedOver = 0;
    for (let round = 0; round < 2; round++) {
      for (const each of clients) each.isPublishing = true;
      await time.run(time.nowMs + 4_000);
      const [leader] = machines.filter(({ partitions }) =>
        [...partitions].some(({ topic, isLeader }) => isLeader && topic === 'sensors'),
      );
      const led = [...(leader?.partitions ?? [])].filter(({ isLeader }) => isLeader);
      for (let flip = 0; flip < 8; flip++) leader?.rot();
      if (ending > 0) leader?.crash('killed');
      // Its successor knows of no commit then.
      if (ending > 1) for (const machine of machines) machine.crash('killed');
      await time.run(time.nowMs + 1_000);
      for (const machine of machines) machine.start();
      if (ending === 0) handedOver += led.filter(({ isLeader }) => !isLeader).length;
      await time.run(time.nowMs + 2_000);
      // Each reading that was acknowledged is committed, and central has it, from either node.
      for (const each of clients) each.isPublishing = false;
      expect(await world.untilWhole(60_000)).toBeUndefined();
    }
    world.checkAtRest();
    expect(counts.repairs).toBeGreaterThan(0);
    expect(handedOver > 0).toBe(ending === 0);
  } finally {
    uninstall();
  }
});
