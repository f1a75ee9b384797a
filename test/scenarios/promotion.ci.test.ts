import { expect, test } from 'vitest';
import { present } from '../../src/base/assert.ts';
import { limits } from '../../src/base/limits.ts';
import type { AdminAnswer } from '../../src/core/effect.ts';
import { LogCopies } from '../sim/cluster/log-copies.ts';
import type { Machine } from '../sim/cluster/machine.ts';
import { leadsAll, PromotionWorld } from './promotion-world.ts';

// Before anything is durable, between its steps, and behind the last one.
test.each([0.2, 5, 50.4, 50.8, 51.2, 51.6, 80])(
  'a promotion is finished that a power cut met after %d ms, and the old disk stays outside (V5)',
  async (cutMs) => {
    const world = new PromotionWorld(Math.round(cutMs * 10));
    await world.during(async () => {
      const [left, lost] = [world.machine(1), world.machine(2)];
      for (const machine of world.machines) machine.start();
      await world.runFor(4_000);
      lost.crash('lost');
      await world.runFor(5_000);
      expect(leadsAll(left)).toBe(false);
      const answers: AdminAnswer[] = [];
      world.promote(left, answers);
      await world.runFor(cutMs);
      left.crash('lost');
      await world.runFor(500);
      left.start();
      await world.runFor(3_000);
      // It goes on by itself behind its record; before that it is asked for again.
      if (!leadsAll(left)) world.promote(left, answers);
      await world.runFor(3_000);
      expect([leadsAll(left), answers.filter(({ ok }) => !ok)]).toEqual([true, []]);
      const before = world.ledger.acknowledged.exactlyOnce + world.ledger.acknowledged.atLeastOnce;
      lost.start();
      await world.runFor(5_000);
      expect([...lost.partitions].filter(({ leaderId }) => leaderId !== undefined)).toEqual([]);
      for (const each of world.clients) each.isPublishing = false;
      await world.runFor(5_000);
      const { acknowledged, unacknowledged } = world.ledger;
      expect(acknowledged.exactlyOnce + acknowledged.atLeastOnce).toBeGreaterThan(before + 10);
      expect([...unacknowledged]).toEqual([]);
      expect(world.central?.missing).toBeUndefined();
      left.checkFiles();
    });
  },
);

/** Of all batches on its disk. */
function producerIdsIn(machine: Machine): number[] {
  const storage = present(machine.storage, 'it runs');
  const logs = new LogCopies(storage, machine.disk.files()).byKey;
  return [...logs.values()].flatMap(({ batches }) =>
    batches.map(({ header }) => Number(header.producerId)),
  );
}

test('a start that is promoted takes no producer ids that those who are gone may have (P4)', async () => {
  const world = new PromotionWorld(7);
  await world.during(async () => {
    const [left, lost] = [world.machine(1), world.machine(2)];
    for (const machine of world.machines) machine.start();
    await world.runFor(4_000);
    for (const machine of world.machines) machine.crash('lost');
    left.start();
    await world.runFor(5_000);
    const before = new Set(producerIdsIn(left));
    expect(await world.asked(left, { type: 'promote', isConfirmed: true })).toMatchObject({
      ok: true,
    });
    await world.runFor(5_000);
    const fresh = producerIdsIn(left).filter((id) => !before.has(id));
    expect(fresh.length).toBeGreaterThan(0);
    expect(Math.min(...fresh)).toBeGreaterThan(limits.promotedProducerIds);
    expect(lost.isUp).toBe(false);
  });
});
