import { expect, test } from 'vitest';
import { PromotionWorld } from './promotion-world.ts';
import type { Machine } from '../sim/cluster/machine.ts';

/** Who votes in each log that a machine leads. */
const votersOf = (machine: Machine): string[] =>
  [...machine.partitions]
    .filter(({ isLeader }) => isLeader)
    .map(({ topic, partition, voters }) => {
      const nodeIds = voters?.voters.map(({ nodeId }) => String(nodeId)) ?? [];
      return `${topic}-${partition}: ${nodeIds.toSorted().join(' ')}`;
    });

test('a promotion counts the nodes that are left and do not vote on __cluster (V5)', async () => {
  const world = new PromotionWorld(1, [1, 2, 3, 4, 5]);
  await world.during(async () => {
    for (const machine of world.machines) machine.start();
    await world.runFor(4_000);
    for (const nodeId of [2, 3]) world.machine(nodeId).crash('lost');
    await world.runFor(5_000);
    const answer = await world.asked(world.machine(1), { type: 'promote', isConfirmed: true });
    expect(answer).toMatchObject({ ok: true, promotion: { givenUp: [2, 3] } });
    await world.runFor(10_000);
    const led = [1, 4, 5].flatMap((nodeId) => votersOf(world.machine(nodeId)));
    expect(led.sort()).toEqual([
      '__cluster-0: 1 4 5',
      '__mqtt_sessions-0: 1 4 5',
      'sensors-0: 1 4 5',
      'sensors-1: 1 4 5',
    ]);
    for (const each of world.clients) each.isPublishing = false;
    // A sensor may try those that are gone a few times.
    await world.runFor(25_000);
    expect([...world.ledger.unacknowledged]).toEqual([]);
  });
});
