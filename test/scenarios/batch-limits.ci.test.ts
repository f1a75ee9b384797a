import { expect, test } from 'vitest';
import { ClusterWorld } from '../sim/cluster/cluster-world.ts';

test('a leader takes what another node took at its door, larger than its own config allows', async () => {
  const nodes = [1, 2].map((nodeId) => ({ nodeId, isWitness: false }));
  const client = { clean: false, qosShares: [0, 1, 1], everyMs: 5, windowMax: 50 } as const;
  const world = new ClusterWorld(1, {
    shape: {
      ...{ nodes, partitions: 1, segmentBytes: 8_192, clockDrift: 0, isForwarded: false },
      batchBytesMax: (nodeId) => (nodeId === 2 ? 300 : 8_192),
    },
    producers: [],
    clients: Array.from({ length: 8 }, (_, i) => ({
      ...{ ...client, clientId: `sensor-${i}`, roams: 0 },
    })),
  });
  const uninstall = world.time.install();
  try {
    for (const machine of world.machines) machine.start();
    await world.time.run(1_000);
    for (const each of world.clients) each.isPublishing = false;
    expect(await world.untilWhole(30_000)).toBeUndefined();
    world.checkAtRest();
    expect(world.ledger.acknowledged.exactlyOnce).toBeGreaterThan(10);
  } finally {
    uninstall();
  }
});
