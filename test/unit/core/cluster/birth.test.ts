import { describe, expect, it } from 'vitest';
import { uuid, type Uuid } from '../../../../src/base/brand.ts';
import { decideBirth } from '../../../../src/core/cluster/birth.ts';
import type { Introduction } from '../../../../src/core/peer/node-facts.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';

const directoryOf = (nodeId: number): Uuid => uuid(`0e8f1a52-9a53-4a55-8f30-00000000000${nodeId}`);
const clusterId = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b01');
const clusterTopicId = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b02');

/** A node of a cluster of so many data nodes, and a witness behind them. */
const factsOf = (nodeId: number, dataNodes: number, more: Partial<Introduction> = {}) => {
  const peers = Array.from({ length: dataNodes + 1 }, (_, i) => ({
    ...{ nodeId: i + 1, isWitness: i === dataNodes },
  }));
  const facts: Introduction = {
    ...{ clusterName: 'plant', clusterId: zeroUuid, clusterTopicId: zeroUuid, version: '1' },
    ...{ nodeId, directoryId: directoryOf(nodeId), startCounter: 1, startIds: [], peers },
    formerDirectoryIds: [],
    isWitness: nodeId > dataNodes,
    ...{ clusterLeaderId: -1, clusterLeaderEpoch: 0, clusterVoters: [] },
    ...more,
  };
  return facts;
};

const mapOf = (...all: Introduction[]) => new Map(all.map((each) => [each.nodeId, each]));
const votersOf = (...nodeIds: number[]) =>
  nodeIds.map((nodeId) => ({ nodeId, directoryId: directoryOf(nodeId), isWitness: false }));

describe('a cluster is born (V2)', () => {
  it.for([
    [2, [1, 2, 3]],
    [3, [1, 2, 3]],
    [4, [1, 2, 3]],
  ] as const)('with %i data nodes and a witness: %j vote', ([dataNodes, voters]) => {
    const others = Array.from({ length: dataNodes }, (_, i) => factsOf(i + 2, dataNodes));
    const decision = decideBirth(factsOf(1, dataNodes), mapOf(...others), new Set());
    expect(decision.type).toBe('found');
    const found = decision.type === 'found' ? decision.voters : [];
    expect(found.map(({ nodeId }) => nodeId)).toEqual(voters);
    expect(found.filter(({ role }) => role === 'witness').length).toBe(dataNodes === 2 ? 1 : 0);
  });

  const born = factsOf(1, 3, { clusterId, clusterTopicId, clusterVoters: votersOf(1, 2, 3) });

  it('with those that do not vote, if they were there', () => {
    const witness = factsOf(4, 3);
    expect(decideBirth(witness, mapOf(born), new Set([directoryOf(1)])).type).toBe('adopt');
    expect(decideBirth(witness, mapOf(born), new Set()).type).toBe('outside');
    const unknowing = { ...born, clusterVoters: [] };
    expect(decideBirth(witness, mapOf(unknowing), new Set([directoryOf(1)])).type).toBe('wait');
  });

  it('not by one that was met empty and has joined an older cluster since', () => {
    const joined = { clusterId, clusterTopicId, clusterVoters: votersOf(1, 2) };
    const old = factsOf(1, 3, joined);
    const met = new Set([directoryOf(2)]);
    const known = mapOf(old, factsOf(2, 3, joined));
    expect(decideBirth(factsOf(3, 3), known, met)).toMatchObject({
      type: 'outside',
      isOlder: false,
    });
    const grown = mapOf(factsOf(2, 3, { ...joined, clusterVoters: votersOf(2) }));
    expect(decideBirth(factsOf(3, 3), grown, met)).toMatchObject({
      type: 'outside',
      isOlder: true,
    });
  });

  it('without a voter that lost its disk since', () => {
    const renewed = factsOf(2, 3, { directoryId: directoryOf(9) });
    expect(decideBirth(renewed, mapOf(born), new Set([directoryOf(1)])).type).toBe('outside');
  });
});
