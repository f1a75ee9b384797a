import { expect, test } from 'vitest';
import type { AdminAnswer } from '../../src/core/effect.ts';
import { leadsAll, PromotionWorld } from './promotion-world.ts';

test('a disk that was given up stays outside under the new id of a lost journal too (V4, V5)', async () => {
  const world = new PromotionWorld(31);
  await world.during(async () => {
    const [left, lost] = [world.machine(1), world.machine(2)];
    for (const machine of world.machines) machine.start();
    await world.runFor(4_000);
    lost.crash('lost');
    await world.runFor(3_000);
    const answers: AdminAnswer[] = [];
    world.promote(left, answers);
    await world.runFor(3_000);
    expect([leadsAll(left), answers.map(({ ok }) => ok)]).toEqual([true, [true]]);
    await world.loseJournal(lost);
    lost.start();
    await world.runFor(3_000);
    expect(world.lines.join('\n')).toContain('node 2 was given up by `shorelog promote`');
    const answer = await world.asked(lost, { type: 'rejoin' });
    expect(answer).toMatchObject({ ok: false });
    await world.runFor(3_000);
    expect([world.counts.truncations, world.counts.resets]).toEqual([0, 0]);
    expect([...left.partitions].every(({ inSyncIds }) => inSyncIds.length === 1)).toBe(true);
  });
});
