import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../../../src/base/brand.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { limits } from '../../../../src/base/limits.ts';
import type { Partition } from '../../../../src/core/partition.ts';
import { present } from '../../../../src/base/assert.ts';
import { topicReplicas } from '../../../../src/core/cluster/topic-replicas.ts';
import { VoterSet } from '../../../../src/core/replica/voter-set.ts';
import { encodeMember } from '../../../../src/wire/state/state-codec.ts';
import { disk, factsOf, PromotionUnit, votersOf } from './promotion-world.ts';

const lost = { nodeId: 2, directoryId: disk(2) };

describe('a promotion (V5)', () => {
  it('keeps whom it gives up on its disk, then leads __cluster, then says it there', () => {
    const world = new PromotionUnit();
    const answers = world.ask(true);
    expect(world.effects).toEqual([{ type: 'StoreGivingUp', disks: [lost] }]);
    expect([world.cluster.forced, world.promotion.isGivenUp(disk(2))]).toEqual([[], true]);
    world.storeGivingUp();
    expect(world.cluster.forced).toHaveLength(1);
    // Its vote takes its time, and is not asked for again.
    for (let i = 0; i < 3; i++) world.wait(50);
    expect([world.cluster.forced.length, world.decided, answers]).toEqual([1, [], []]);
    world.leadCluster();
    world.wait(50);
    expect(answers).toMatchObject([{ ok: true, promotion: { givenUp: [2] } }]);
    expect(world.keys[0]).toBe(`given-up/${disk(2)}`);
    expect(world.effects.at(-1)).toEqual({ type: 'StoreGivingUp', disks: [] });
    world.promotion.pursue();
    expect(world.sensors.forced).toEqual([
      { epochMin: 1_004, as: expect.objectContaining({ directoryId: disk(1) }) },
    ]);
  });

  it('does without who was gone when it was asked, back meanwhile or not', () => {
    const world = new PromotionUnit();
    world.ask(true);
    world.connected.set(2, factsOf(2, disk(2)));
    world.storeGivingUp();
    world.leadCluster();
    world.wait(50);
    expect(world.state.promotions.isGivenUp(disk(2))).toBe(true);
  });

  it('goes on after a crash, and forgets what __cluster says already', () => {
    const world = new PromotionUnit([lost]);
    world.promotion.resume();
    expect([world.cluster.forced.length, world.promotion.isGivenUp(disk(2))]).toEqual([1, true]);
    world.leadCluster();
    world.wait(50);
    expect(world.state.promotions.isGivenUp(disk(2))).toBe(true);

    const again = new PromotionUnit([lost]);
    const key = `given-up/${disk(2)}`;
    const said = world.decided.flat().find((each) => utf8Decode(each.key) === key);
    again.state.apply(key, said?.value);
    again.leadCluster();
    again.promotion.resume();
    expect(again.cluster.forced).toEqual([]);
    expect(again.effects).toEqual([{ type: 'StoreGivingUp', disks: [] }]);
    expect(again.decided).toEqual([]);
  });

  it('answers who asked in time, and goes on', () => {
    const world = new PromotionUnit();
    const answers = world.ask(true);
    world.storeGivingUp();
    world.wait(limits.operatorCallMsMax + 1);
    expect(answers).toMatchObject([{ ok: false }]);
    expect(world.ask(true)).toMatchObject([{ text: expect.stringContaining('under way') }]);
    world.leadCluster();
    world.wait(50);
    expect([answers.length, world.state.promotions.isGivenUp(disk(2))]).toEqual([1, true]);
  });

  it.each(['cluster', 'sensors'] as const)('is refused while %s is still led here', (which) => {
    const world = new PromotionUnit();
    world[which].isLeader = true;
    expect(world.ask(false)).toMatchObject([{ ok: true }]);
    const text = expect.stringContaining('in a moment');
    expect(world.ask(true)).toMatchObject([{ ok: false, text }]);
    expect([world.effects, world.cluster.forced]).toEqual([[], []]);
  });

  it('skips producer ids that the others may have taken unheard (P4)', () => {
    const world = new PromotionUnit();
    const before = world.state.nextProducerId;
    world.ask(true);
    world.storeGivingUp();
    world.leadCluster();
    world.wait(50);
    expect(world.state.nextProducerId).toBe(before + 2 ** 30);
  });

  it('lets a log lead alone that another one led when it was recorded', () => {
    const world = new PromotionUnit();
    world.ask(true);
    world.storeGivingUp();
    world.leadCluster();
    world.wait(50);
    world.sensors.isLeader = true;
    world.promotion.pursue();
    expect(world.sensors.forced).toEqual([]);
    world.sensors.isLeader = false;
    world.promotion.leaderChanged(world.sensors as unknown as Partition);
    expect(world.sensors.forced).toEqual([]);
    world.wait(0);
    expect(world.sensors.forced).toHaveLength(1);
    world.promotion.leaderChanged(world.sensors as unknown as Partition);
    world.wait(0);
    expect(world.sensors.forced).toHaveLength(1);
  });
});

it('a second promotion of the same process lets its logs lead again (V5)', () => {
  const world = new PromotionUnit();
  const promote = (): void => {
    world.ask(true);
    world.storeGivingUp();
    world.leadCluster();
    world.wait(50);
    world.cluster.isLeader = false;
    world.promotion.pursue();
  };
  promote();
  // Another disk of node 2 came, and is lost again.
  const second = new VoterSet([
    ...votersOf(1).voters,
    { nodeId: 2, directoryId: disk(2, 1), role: 'data' },
  ]);
  for (const log of [world.cluster, world.sensors]) log.voters = second;
  world.effects.length = 0;
  promote();
  expect(world.sensors.forced.map(({ epochMin }) => epochMin)).toEqual([1_004, 3_004]);
});

describe('the plan of a promotion', () => {
  it('is sure of all that was acknowledged where both have it (C3)', () => {
    expect(new PromotionUnit().outcomes()).toEqual(['complete', 'complete']);
  });

  it('is not where the others may have taken this one out unheard (V1)', () => {
    const planned = new PromotionUnit();
    planned.want([{ nodeId: 2, directoryId: disk(2), isWitness: false }]);
    expect(planned.outcomes()).toEqual(['complete', 'mayMiss']);

    const wider = new PromotionUnit();
    wider.cluster.voters = votersOf(1, 2, 3);
    expect(wider.outcomes()).toEqual(['mayMiss', 'mayMiss']);

    const joined = new PromotionUnit();
    const member = encodeMember({ nodeId: 3, directoryId: disk(3), isWitness: false });
    joined.state.apply('node/3', member);
    expect(joined.outcomes()).toEqual(['mayMiss', 'mayMiss']);
  });

  it('is not while the end of __cluster is not known to be committed, but its own', () => {
    const world = new PromotionUnit();
    world.cluster.highWatermark = offset(95);
    expect(world.outcomes()).toEqual(['mayMiss', 'mayMiss']);
    // What a leader appended in vain nobody else committed.
    world.cluster.isLeader = true;
    world.promotion.leaderChanged(world.cluster as unknown as Partition);
    world.cluster.isLeader = false;
    expect(world.outcomes()).toEqual(['complete', 'complete']);
    world.cluster.lastEpoch = leaderEpoch(5);
    expect(world.outcomes()).toEqual(['mayMiss', 'mayMiss']);
  });

  it('is not where rot took some, nor on a disk that lost its journal', () => {
    const rotten = new PromotionUnit();
    rotten.sensors.holes = [{ from: offset(3), to: offset(4) }];
    expect(rotten.outcomes()).toEqual(['complete', 'mayMiss']);
    const renewed = new PromotionUnit();
    renewed.facts = factsOf(1, disk(1, 5), [disk(1)]);
    expect(renewed.outcomes()).toEqual(['mayMiss', 'mayMiss']);
  });
});

describe('a promotion of a disk that lost its votes (V4)', () => {
  it('leads as what it was, and is a member as what it is', () => {
    const own = { nodeId: 1, directoryId: disk(1, 5) };
    const world = new PromotionUnit();
    world.facts = factsOf(1, own.directoryId, [disk(1)]);
    const before = { nodeId: 1, directoryId: disk(1), isWitness: false };
    world.state.apply('node/1', encodeMember(before));
    world.ask(true);
    world.storeGivingUp();
    expect(world.cluster.forced[0]?.as).toMatchObject({ directoryId: disk(1) });
    world.leadCluster();
    world.cluster.voters = new VoterSet([{ ...own, role: 'data' }]);
    world.wait(50);
    expect(world.keys.filter((key) => !key.startsWith('topic/'))).toEqual([
      `given-up/${disk(2)}`,
      'node/1',
      'producer-ids',
      expect.stringMatching(/^promoted\/sensors-topic\/0\//),
    ]);
    expect([...world.state.members()]).toEqual([{ ...own, isWitness: false }]);
    const sensors = present(world.state.topic('sensors'), 'a topic');
    expect(topicReplicas.wanted(sensors, 0)).toEqual([{ ...own, isWitness: false }]);
    world.promotion.pursue();
    expect(world.sensors.forced[0]?.as).toMatchObject({ directoryId: disk(1) });
  });

  it('needs nobody to give up where it was the only voter', () => {
    const world = new PromotionUnit();
    world.facts = factsOf(1, disk(1, 5), [disk(1)]);
    for (const log of [world.cluster, world.sensors]) log.voters = votersOf(1);
    world.want([{ nodeId: 1, directoryId: disk(1), isWitness: false }]);
    expect(world.ask(false)).toMatchObject([{ ok: true, promotion: { givenUp: [] } }]);
    world.ask(true);
    expect([world.effects, world.cluster.forced.length]).toEqual([[], 1]);
    const whole = new PromotionUnit();
    for (const log of [whole.cluster, whole.sensors]) log.voters = votersOf(1);
    whole.want([{ nodeId: 1, directoryId: disk(1), isWitness: false }]);
    expect(whole.ask(false)).toMatchObject([{ ok: false }]);
  });
});
