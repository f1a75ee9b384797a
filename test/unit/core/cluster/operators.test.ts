import { expect, it } from 'vitest';
import { connectionId, monotonicMs, uuid, type Uuid } from '../../../../src/base/brand.ts';
import { present } from '../../../../src/base/assert.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { clusterKeys, ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import { Operators } from '../../../../src/core/cluster/operators.ts';
import type { HandlerContext } from '../../../../src/core/kafka/handler.ts';
import type { NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import type { Peers } from '../../../../src/core/peer/peers.ts';
import type { ViewChange } from '../../../../src/ports/state-view.ts';
import { frameLengthBytes } from '../../../../src/wire/kafka/frame.ts';
import { addRaftVoterCodec } from '../../../../src/wire/kafka/generated/80-add-raft-voter.ts';
import { decodeResponse, encodeRequest } from '../../../../src/wire/kafka/header.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';
import { encodeGivenUp } from '../../../../src/wire/state/promotion-codec.ts';
import { encodeMember } from '../../../../src/wire/state/state-codec.ts';

const disk = (n: number) => uuid(`00000000-0000-4000-8000-00000000000${n}`);
const clusterId = disk(9);

const factsOf = (nodeId: number, directoryId: Uuid, former: Uuid[] = []): NodeFacts => ({
  ...{ clusterName: 'plant', clusterId, nodeId, directoryId, startCounter: 4, startIds: [] },
  ...{ formerDirectoryIds: former, isWitness: false, peers: [], clusterTopicId: disk(8) },
  version: '1',
});

/** The leader of `__cluster`, node 1, asked by a disk of node 2 whose voter is disk 2. */
function newWorld(from: NodeFacts) {
  const state = new ClusterState();
  const member = encodeMember({ nodeId: 2, directoryId: disk(2), isWitness: false });
  state.apply(clusterKeys.member(2), member);
  const there = new Map<number, NodeFacts>([[2, from]]);
  const decided: string[] = [];
  const connected = new Set([2]);
  const peers = {
    introducedOn: () => from,
    introductions: () => there,
    isConnected: (nodeId: number) => connected.has(nodeId),
  };
  const operators = new Operators({
    ...{ state, isRenewed: false, peers: () => peers as unknown as Peers },
    facts: () => factsOf(1, disk(1)),
    clusterPartition: () => undefined,
    decide: (changes: readonly ViewChange[], done) => {
      decided.push(...changes.map(({ key }) => utf8Decode(key)));
      done(true);
      return true;
    },
    promote: () => undefined,
    adopt: () => undefined,
  });
  const [[, handler]] = operators.newcomerHandlers() as [readonly [number, never]];
  /** @returns why it is refused; undefined: it is let in. */
  const ask = (replacedDirectoryId: Uuid): string | undefined => {
    const { nodeId: voterId, directoryId: voterDirectoryId } = from;
    const request = encodeRequest(
      addRaftVoterCodec,
      0,
      { correlationId: 1, clientId: 'x' },
      {
        ...{ clusterId, timeoutMs: 1, voterId, voterDirectoryId, listeners: [], topicId: disk(8) },
        ...{ partition: 0, isWitness: false, isReplacing: true, replacedDirectoryId },
      },
    );
    let said: Uint8Array | undefined;
    const exchange = {
      ...{ version: 0, correlationId: 1, connection: connectionId(1) },
      ...{ frame: request.subarray(frameLengthBytes), isAbandoned: false },
      settle: (frame: Uint8Array) => (said = frame),
      close: () => undefined,
      onAbandoned: () => undefined,
    };
    (handler as (...asked: unknown[]) => void)(exchange, {
      now: () => monotonicMs(0),
    } as unknown as HandlerContext);
    const frame = present(said, 'an answer').subarray(frameLengthBytes);
    const answer = decodeResponse(addRaftVoterCodec, 0, frame);
    return answer.ok && answer.value.errorCode === 0 ? undefined : JSON.stringify(answer);
  };
  return { state, there, connected, decided, ask };
}

it('lets a disk that gave up its id come back by itself from its listed address alone (V4)', () => {
  const renewed = factsOf(2, disk(5), [disk(2)]);
  const { ask, connected, there, decided } = newWorld(renewed);
  there.set(2, factsOf(2, disk(2)));
  expect(ask(disk(2))).toContain('at the address of node 2');
  there.set(2, renewed);
  connected.delete(2);
  expect(ask(disk(2))).toContain('at the address of node 2');
  expect(decided).toEqual([]);
  // An operator knows where the node is.
  expect(ask(zeroUuid)).toBeUndefined();
  connected.add(2);
  expect(ask(disk(2))).toBeUndefined();
  expect(decided).toEqual(['node/2', 'node/2']);
});

it('refuses a disk that was given up under an id of before, on an old connection too (V5)', () => {
  const { ask, state, decided } = newWorld(factsOf(2, disk(5), [disk(2)]));
  const givenUp = encodeGivenUp({ nodeId: 2, promotionId: 'p', atMs: 1 });
  state.apply(clusterKeys.givenUp(disk(2)), givenUp);
  state.apply(clusterKeys.member(2), undefined);
  expect(ask(zeroUuid)).toContain('was given up by `shorelog promote`');
  expect(decided).toEqual([]);
});
