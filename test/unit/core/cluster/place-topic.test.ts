import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { placeTopic, type ClusterMember } from '../../../../src/core/cluster/place-topic.ts';

const disk = (nodeId: number) => uuid(`00000000-0000-4000-8000-00000000000${nodeId}`);
const member = (nodeId: number, isWitness = false): ClusterMember => ({
  ...{ nodeId, directoryId: disk(nodeId), isWitness },
});
const nodes = (count: number) => Array.from({ length: count }, (_, i) => member(i + 1));

/** `1 2 w3`: the first one leads. */
const place = (
  members: readonly ClusterMember[],
  partitions: number,
  replicas = 0,
  others: Parameters<typeof placeTopic>[2] = [],
) => {
  const placed = placeTopic({ partitions, replicas }, members, others);
  const shown = placed.assignments.map((assignment) =>
    assignment.map(({ nodeId, isWitness }) => `${isWitness ? 'w' : ''}${nodeId}`).join(' '),
  );
  return { ...placed, shown };
};

describe('placeTopic', () => {
  it('puts all on a lone node', () => {
    const { shown, isWitnessMissing, assignments } = place(nodes(1), 2);
    expect([shown, isWitnessMissing]).toEqual([['1', '1'], false]);
    expect(assignments[0]).toEqual([{ nodeId: 1, directoryId: disk(1), isWitness: false }]);
  });

  it('copies to all data nodes, at most three, and spreads who leads', () => {
    expect(place(nodes(3), 4).shown).toEqual(['1 2 3', '2 3 1', '3 1 2', '1 2 3']);
    const { shown } = place(nodes(5), 5);
    expect(shown).toEqual(['1 2 3', '4 5 1', '2 3 4', '5 1 2', '3 4 5']);
  });

  it('goes on where other topics stopped', () => {
    const first = place(nodes(3), 1);
    const second = place(nodes(3), 1, 0, [first]);
    expect(second.shown).toEqual(['2 3 1']);
    expect(place(nodes(3), 1, 0, [first, second]).shown).toEqual(['3 1 2']);
  });

  it('gives an even number of copies a witness, on a witness node first (V5)', () => {
    const site = [member(1), member(2), member(3, true)];
    expect(place(site, 2)).toMatchObject({ shown: ['1 2 w3', '2 1 w3'], isWitnessMissing: false });
    expect(place(nodes(3), 3, 2).shown).toEqual(['1 2 w3', '3 1 w2', '2 3 w1']);
    const both = [...nodes(3), member(4, true)];
    expect(place(both, 1, 2).shown).toEqual(['1 2 w4']);
    expect(place(both, 1).shown).toEqual(['1 2 3']);
  });

  it('says where a witness is wanted and no node is left for it', () => {
    expect(place(nodes(2), 1)).toMatchObject({ shown: ['1 2'], isWitnessMissing: true });
    expect(place(nodes(4), 1, 4)).toMatchObject({ shown: ['1 2 3 4'], isWitnessMissing: true });
    expect(place(nodes(2), 1, 1)).toMatchObject({ shown: ['1'], isWitnessMissing: false });
  });

  it('never copies to a witness node, and no more than there are data nodes', () => {
    expect(place([member(1), member(2, true)], 1, 3)).toMatchObject({
      ...{ shown: ['1'], dataReplicas: 1, isWitnessMissing: false },
    });
    expect(place([member(2, true)], 1).shown).toEqual(['']);
  });

  it('leaves replicas where they are, on the disk that their node has now', () => {
    const now = (...list: string[]) =>
      list.map((each) =>
        each.split(' ').map((name) => ({
          nodeId: Number(name.replace('w', '')),
          directoryId: disk(9),
          isWitness: name.startsWith('w'),
        })),
      );
    const placed = (members: ClusterMember[], present: ReturnType<typeof now>, replicas = 0) =>
      placeTopic({ partitions: present.length, replicas, present }, members, []).assignments.map(
        (each) => each.map(({ nodeId, isWitness }) => `${isWitness ? 'w' : ''}${nodeId}`).join(' '),
      );
    // Growth from one node to three.
    expect(placed(nodes(2), now('1', '1'))).toEqual(['1 2', '2 1']);
    expect(placed(nodes(3), now('1 2', '2 1'))).toEqual(['1 2 3', '2 3 1']);
    // Four nodes, three copies: who has them keeps them.
    expect(placed(nodes(4), now('2 3 4', '1 3 4'))).toEqual(['2 3 4', '1 3 4']);
    // A node left: another one takes its place.
    expect(placed([member(1), member(3), member(4)], now('1 2 3'))).toEqual(['1 3 4']);
    // Fewer copies are wanted, and a witness that is there stays.
    expect(placed(nodes(4), now('2 3 4'), 2)).toEqual(['2 3 w1']);
    expect(placed(nodes(4), now('2 3 w4'), 2)).toEqual(['2 3 w4']);
    const [first] = placeTopic(
      { partitions: 1, replicas: 0, present: now('1') },
      nodes(1),
      [],
    ).assignments;
    expect(first).toEqual([{ nodeId: 1, directoryId: disk(1), isWitness: false }]);
  });
});
