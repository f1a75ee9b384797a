import { expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { ClusterWorld } from '../sim/cluster/cluster-world.ts';
import { goodMood } from '../sim/cluster/sim-disk.ts';

test('two gateways and a witness go on when the disk of the leading one stalls (L8)', async () => {
  const nodes = [1, 2, 3].map((nodeId) => ({ nodeId, isWitness: nodeId === 3 }));
  const client = { clean: false, qosShares: [0, 1, 1], everyMs: 100, windowMax: 4 } as const;
  const world = new ClusterWorld(1, {
    shape: { nodes, partitions: 1, segmentBytes: 65_536, clockDrift: 0, isForwarded: false },
    producers: [],
    clients: [1, 2].map((nodeId) => ({ ...client, clientId: `sensor-${nodeId}`, roams: 0 })),
  });
  const uninstall = world.time.install();
  try {
    for (const machine of world.machines) machine.start();
    await world.time.run(4_000);
    const leadingNodes = () =>
      world.machines
        .filter((one) =>
          [...one.partitions].some((log) => !log.topic.startsWith('__') && log.isLeader),
        )
        .map(({ nodeId }) => nodeId);
    const [first] = leadingNodes();
    const stalled = world.machines.find(({ nodeId }) => nodeId === first);
    if (stalled === undefined) throw new Error('nobody leads');
    stalled.disk.mood = { fsyncMs: () => 60_000, slowCalls: 0 };
    await world.time.run(world.time.nowMs + limits.diskStallMs + 3_000);
    const before = world.ledger.acknowledged.exactlyOnce;
    await world.time.run(world.time.nowMs + 5_000);
    expect(leadingNodes()).not.toContain(first);
    expect(world.ledger.acknowledged.exactlyOnce).toBeGreaterThan(before + 20);
    stalled.disk.mood = goodMood;
    for (const each of world.clients) each.isPublishing = false;
    expect(await world.untilWhole(120_000)).toBeUndefined();
    world.checkAtRest();
  } finally {
    uninstall();
  }
});
