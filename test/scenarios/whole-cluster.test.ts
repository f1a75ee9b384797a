import { expect, test } from 'vitest';
import { ClusterWorld } from '../sim/cluster/cluster-world.ts';

test('sensors of QoS 1 and 2 are served on each of five nodes, replica or not', async () => {
  const nodes = [1, 2, 3, 4, 5].map((nodeId) => ({ nodeId, isWitness: false }));
  const client = { clean: false, qosShares: [0, 1, 1], everyMs: 200, windowMax: 4 } as const;
  const world = new ClusterWorld(1, {
    shape: { nodes, partitions: 1, segmentBytes: 8_192, clockDrift: 0, isForwarded: false },
    producers: [],
    clients: nodes.map(({ nodeId }) => ({ ...client, clientId: `sensor-${nodeId}`, roams: 20 })),
  });
  const uninstall = world.time.install();
  try {
    for (const machine of world.machines) machine.start();
    await world.time.run(3_000);
    for (const each of world.clients) each.isPublishing = false;
    expect(await world.untilWhole(30_000)).toBeUndefined();
    world.checkAtRest();
    expect(world.ledger.acknowledged.exactlyOnce).toBeGreaterThan(10);
  } finally {
    uninstall();
  }
});
