import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { utf8Encode } from '../../../../src/base/bytes.ts';
import { limits } from '../../../../src/base/limits.ts';
import { clusterKeys } from '../../../../src/core/cluster/cluster-state.ts';
import { ProducerIdBlocks } from '../../../../src/core/cluster/producer-id-blocks.ts';
import { encodeMember } from '../../../../src/wire/state/state-codec.ts';
import { DecisionsWorld } from './decisions-world.ts';

const memberOf = (nodeId: number) => {
  const directoryId = uuid(`00000000-0000-4000-8000-00000000000${nodeId}`);
  const value = encodeMember({ nodeId, directoryId, isWitness: false });
  return { key: utf8Encode(clusterKeys.member(nodeId)), value };
};

function newWorld() {
  const world = new DecisionsWorld();
  const answers: boolean[] = [];
  const decide = (...nodeIds: number[]) =>
    world.decisions.decide(nodeIds.map(memberOf), (isCommitted) => answers.push(isCommitted));
  const planned = () => [...world.decisions.state.members()].map(({ nodeId }) => nodeId);
  const committed = () => [...world.cluster.members()].map(({ nodeId }) => nodeId);
  return { ...{ world, answers, decide, planned, committed } };
}

describe('Decisions', () => {
  it('plans on what is on its way, and lets nothing else see it (C7)', () => {
    const { world, decide, planned, committed } = newWorld();
    world.apply(memberOf(1));
    decide(2);
    expect([planned(), committed()]).toEqual([[1, 2], [1]]);
    decide(3);
    expect([planned(), committed()]).toEqual([[1, 2, 3], [1]]);
    world.commit(1);
    decide(4);
    expect([planned(), committed()]).toEqual([
      [1, 2, 3, 4],
      [1, 2],
    ]);
    world.commit();
    expect(world.decisions.state).toBe(world.cluster);
    expect(committed()).toEqual([1, 2, 3, 4]);
  });

  it('forgets what another leader has nothing of', () => {
    const { world, decide, planned, answers } = newWorld();
    decide(1);
    world.commit();
    decide(2);
    expect(planned()).toEqual([1, 2]);
    world.depose();
    expect([planned(), answers]).toEqual([[1], [true, false]]);
    expect(decide(3)).toBe(false);
    world.isLeader = true;
    expect(decide(4)).toBe(true);
    expect([planned(), answers]).toEqual([
      [1, 4],
      [true, false],
    ]);
  });

  it('keeps what is on its way in mind when the log takes no more', () => {
    const { world, decide, planned, answers } = newWorld();
    decide(1);
    expect(planned()).toEqual([1]);
    world.isRefusing = true;
    decide(2);
    expect([planned(), answers]).toEqual([[1], [false]]);
  });

  it('answers to no changes when everything is committed that they were compared with', () => {
    const { world, decide, answers } = newWorld();
    decide();
    expect(answers).toEqual([true]);
    decide(1);
    decide(2);
    decide();
    world.commit(1);
    expect(answers).toEqual([true, true]);
    world.depose();
    expect(answers).toEqual([true, true, false, false]);
  });

  it('gives out blocks of producer ids behind those that are on their way (P4)', () => {
    const { world } = newWorld();
    const firsts: (number | undefined)[] = [];
    let isPromoting = false;
    const blocks = new ProducerIdBlocks(world.decisions, () => isPromoting);
    world.cluster.skipProducerIds(5_000);
    for (let i = 0; i < 3; i++) blocks.take((first) => firsts.push(first));
    expect(firsts).toEqual([]);
    world.commit();
    const size = limits.producerIdBlockSize;
    expect(firsts).toEqual([5_000, 5_000 + size, 5_000 + 2 * size]);
    isPromoting = true;
    blocks.take((first) => firsts.push(first));
    world.commit();
    expect(firsts.at(-1)).toBe(5_000 + 3 * size + limits.promotedProducerIds);
    world.isLeader = false;
    blocks.take((first) => firsts.push(first));
    expect(firsts.at(-1)).toBeUndefined();
  });
});
