import { expect, test } from 'vitest';
import { monotonicMs, uuid } from '../../../../src/base/brand.ts';
import { describeCluster } from '../../../../src/core/cluster/describe-cluster.ts';
import type { NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import type { Peers } from '../../../../src/core/peer/peers.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';

const some = uuid('00000000-0000-4000-8000-0000000000aa');

const factsOf = (nodeId: number, clusterId = zeroUuid): NodeFacts => ({
  ...{
    clusterName: 'plant',
    clusterId,
    clusterTopicId: clusterId,
    nodeId,
    directoryId: some,
    startCounter: 1,
  },
  ...{ startIds: [], formerDirectoryIds: [], isWitness: false, version: '1' },
  peers: [1, 2].map((id) => ({ nodeId: id, isWitness: false })),
});

/** What node 2 says of itself when node 1 is born already. */
function stateOf(own: NodeFacts, isOutside: boolean): string {
  const peers = {
    introductions: () => new Map([[1, factsOf(1, some)]]),
    ...{ heardAt: () => monotonicMs(0), troubleWith: () => undefined },
    ...{ refusals: () => new Map(), isConnected: () => true },
  } as unknown as Peers;
  const now = monotonicMs(5);
  const view = { own, isOutside, leaderId: undefined, peers, isGivenUp: () => false, now };
  return describeCluster(view).state;
}

test('who is about to be part of a cluster that is just born is not told to join it', () => {
  expect(stateOf(factsOf(2), false)).toBe('forming');
  expect(stateOf(factsOf(2), true)).toBe('waiting');
  expect(stateOf(factsOf(2, some), false)).toBe('member');
});
