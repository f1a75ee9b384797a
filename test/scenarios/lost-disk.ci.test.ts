import { expect, test } from 'vitest';
import type { AdminAnswer } from '../../src/core/effect.ts';
import type { Partition } from '../../src/core/partition.ts';
import { leadsAll, PromotionWorld } from './promotion-world.ts';

test('a disk that was given up stays outside under another id too (V4, V5)', async () => {
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

test('a promotion goes on that a power cut met between its steps (V5)', async () => {
  const world = new PromotionWorld(32);
  await world.during(async () => {
    const [left, lost] = [world.machine(1), world.machine(2)];
    for (const machine of world.machines) machine.start();
    await world.runFor(4_000);
    lost.crash('lost');
    await world.runFor(5_000);
    world.promote(left, []);
    const isAlone = ({ topic, isLeader, voters, isAllPersisted }: Partition): boolean =>
      topic === '__cluster' && isLeader && voters?.voters.length === 1 && isAllPersisted;
    for (let i = 0; i < 1_000 && ![...left.partitions].some(isAlone); i++) await world.runFor(0.2);
    expect([...left.partitions].filter(isAlone)).toHaveLength(1);
    left.crash('lost');
    // Back before anybody runs the command again.
    lost.start();
    await world.runFor(2_000);
    left.start();
    await world.runFor(6_000);
    expect(leadsAll(left)).toBe(true);
    expect([...lost.partitions].filter(({ leaderId }) => leaderId !== undefined)).toEqual([]);
    expect(world.lines.join('\n')).toContain('node 2 was given up by `shorelog promote`');
    expect(left.storage?.facts.givingUp).toEqual([]);
  });
});

test('the last disk of a cluster goes on without its journal too (V4, V5)', async () => {
  const world = new PromotionWorld(33, [1, 2, 3]);
  await world.during(async () => {
    const left = world.machine(1);
    for (const machine of world.machines) machine.start();
    await world.runFor(4_000);
    // Another disk of node 3: who votes is said in the logs from now on.
    const third = world.machine(3);
    third.crash('lost');
    await world.loseJournal(third);
    third.start();
    await world.runFor(10_000);
    const before = left.storage?.meta.directoryId;
    for (const machine of world.machines) machine.crash('killed');
    await world.loseJournal(left);
    left.start();
    await world.runFor(5_000);
    expect(left.storage?.meta.directoryId).not.toBe(before);
    // As what it was before; nobody tells it what else there is.
    const [cluster] = [...left.partitions].filter(({ topic }) => topic === '__cluster');
    expect(cluster?.voters?.voters).toMatchObject([{ directoryId: before }, {}, {}]);
    const plan = await world.asked(left, { type: 'promote', isConfirmed: false });
    expect(plan).toMatchObject({ ok: true, promotion: { givenUp: [2, 3] } });
    const done = await world.asked(left, { type: 'promote', isConfirmed: true });
    await world.runFor(3_000);
    expect([done?.ok, leadsAll(left)]).toEqual([true, true]);
    left.crash('killed');
    left.start();
    await world.runFor(3_000);
    expect(leadsAll(left)).toBe(true);
    const own = left.storage?.meta.directoryId;
    for (const { voters } of left.partitions) {
      expect(voters?.voters.map(({ directoryId }) => directoryId)).toEqual([own]);
    }
  });
});
