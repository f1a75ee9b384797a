import { describe, expect, it } from 'vitest';
import {
  connectionId,
  monotonicMs,
  timestampMs,
  uuid,
  type ConnectionId,
} from '../../../../src/base/brand.ts';
import type { Exchange } from '../../../../src/core/kafka/handler.ts';
import type { NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import { PeerClocks } from '../../../../src/core/peer/peer-clocks.ts';
import { PeerIntroductions } from '../../../../src/core/peer/peer-introductions.ts';
import type { PeerPurpose } from '../../../../src/core/peer/peer-transport.ts';
import { clusterUuid, directoryOf, topicId } from './peer-world.ts';

const peers = [1, 2, 3].map((nodeId) => ({ nodeId, isWitness: false }));
const factsOf = (nodeId: number, startCounter = 1): NodeFacts => ({
  ...{ clusterName: 'plant', clusterId: clusterUuid, nodeId, directoryId: directoryOf(nodeId) },
  ...{ startCounter, startIds: [uuid(`start ${startCounter}`)], formerDirectoryIds: [] },
  ...{ isWitness: false, peers, clusterTopicId: topicId, version: '1' },
});

function introductionsOf(facts: NodeFacts): PeerIntroductions {
  return new PeerIntroductions({
    facts: () => facts,
    clusterFacts: () => ({ clusterLeaderId: -1, clusterLeaderEpoch: -1, clusterVoters: [] }),
    ...{ knownDirectories: [], directorySeen: () => undefined, isGivenUp: () => false },
    ...{ introduced: () => undefined, refused: () => undefined, isConnected: () => false },
    ...{
      ask: () => expect.unreachable(),
      later: () => expect.unreachable(),
      strange: () => expect.unreachable(),
    },
    clocks: new PeerClocks(() => undefined),
    now: () => ({ monotonicMs: monotonicMs(0), wallMs: timestampMs(0) }),
  });
}

describe('connections of one node for one purpose', () => {
  const nodes = introductionsOf(factsOf(1));
  const introduce = (connection: ConnectionId, facts: NodeFacts, purpose: PeerPurpose): void =>
    nodes.introduce(introductionsOf(facts).request(purpose), {
      ...{ version: 0, exchange: { connection } as Exchange },
      reply: ({ errorCode }) => expect(errorCode).toBe(0),
    });
  const isLetIn = (...connections: readonly number[]): boolean[] =>
    connections.map((connection) => nodes.of(connectionId(connection)) !== undefined);

  it('replace each other: what comes late on the one before counts no more (P3)', () => {
    introduce(connectionId(1), factsOf(2), 'produce');
    introduce(connectionId(2), factsOf(2), 'fetch');
    introduce(connectionId(3), factsOf(3), 'produce');
    introduce(connectionId(1), factsOf(2), 'produce');
    expect(isLetIn(1, 2, 3)).toEqual([true, true, true]);
    introduce(connectionId(4), factsOf(2), 'produce');
    expect(isLetIn(1, 2, 3, 4)).toEqual([false, true, true, true]);
    nodes.closing(connectionId(1));
    nodes.connectionClosed(connectionId(1));
    expect(isLetIn(1, 2, 3, 4)).toEqual([false, true, true, true]);
  });

  it('stay replaced by newer ones, whatever comes late on them', () => {
    introduce(connectionId(11), factsOf(2, 2), 'control');
    introduce(connectionId(13), factsOf(2, 2), 'control');
    introduce(connectionId(11), factsOf(2, 2), 'control');
    introduce(connectionId(12), factsOf(2, 2), 'control');
    expect(isLetIn(11, 12, 13)).toEqual([false, false, true]);
  });
});
