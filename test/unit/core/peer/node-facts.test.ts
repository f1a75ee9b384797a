import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { factsRefusal, type NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';

const peers = [1, 2, 3].map((nodeId) => ({ nodeId, isWitness: nodeId === 3 }));
const born = uuid('c1c1c1c1-0000-4000-8000-000000000000');
const factsOf = (nodeId: number, overrides: Partial<NodeFacts> = {}): NodeFacts => ({
  ...{
    clusterName: 'plant',
    clusterId: zeroUuid,
    nodeId,
    startCounter: 1,
    startIds: [],
    formerDirectoryIds: [],
    isWitness: false,
  },
  ...{ directoryId: uuid(`00000000-0000-4000-8000-00000000000${nodeId}`), peers },
  ...{ clusterTopicId: zeroUuid, version: '1', ...overrides },
});
const own = factsOf(1);

describe('factsRefusal (V2, V4, V6)', () => {
  it.each([
    ['another name', factsOf(2, { clusterName: 'farm' }), 'node 2 is of cluster farm'],
    ['our number', factsOf(1, { directoryId: factsOf(9).directoryId }), 'same number'],
    ['our disk', factsOf(2, { directoryId: own.directoryId }), 'copy of this node'],
    ['unlisted', factsOf(4), 'node 4 is not listed'],
    ['other peers at birth', factsOf(2, { peers: peers.slice(0, 2) }), 'lists other'],
    [
      'another role at birth',
      factsOf(2, { peers: peers.map((each) => ({ ...each, isWitness: false })) }),
      'lists other',
    ],
  ])('%s is refused', (_name, other, text) => {
    expect(factsRefusal(own, other)).toContain(text);
  });

  it('lets a new node and a born one talk, and nodes of one cluster whatever they list', () => {
    const bornFacts = factsOf(1, { clusterId: born });
    expect(factsRefusal(own, factsOf(2))).toBeUndefined();
    expect(factsRefusal(bornFacts, factsOf(2, { peers: [] }))).toBeUndefined();
    expect(factsRefusal(bornFacts, factsOf(2, { clusterId: born, peers: [] }))).toBeUndefined();
  });

  it('keeps two clusters apart that have one name', () => {
    const other = uuid('c2c2c2c2-0000-4000-8000-000000000000');
    const refusal = factsRefusal(factsOf(1, { clusterId: born }), factsOf(2, { clusterId: other }));
    expect(refusal).toContain('another cluster that has the same name');
  });
});
