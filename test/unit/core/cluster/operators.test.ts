import { describe, expect, it } from 'vitest';
import { connectionId, monotonicMs, uuid, type Uuid } from '../../../../src/base/brand.ts';
import { utf8Decode, utf8Encode } from '../../../../src/base/bytes.ts';
import { clusterKeys, ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import { clusterMembers } from '../../../../src/core/cluster/admission.ts';
import { knownMembers } from '../../../../src/core/cluster/known-members.ts';
import { Operators } from '../../../../src/core/cluster/operators.ts';
import type { HandlerContext } from '../../../../src/core/kafka/handler.ts';
import type { TopicAlteration } from '../../../../src/core/cluster/topic-alteration.ts';
import { topicReplicas } from '../../../../src/core/cluster/topic-replicas.ts';
import type { Partition } from '../../../../src/core/partition.ts';
import type { NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import type { Peers } from '../../../../src/core/peer/peers.ts';
import { frameLengthBytes } from '../../../../src/wire/kafka/frame.ts';
import {
  addRaftVoterCodec,
  type AddRaftVoterRequest,
} from '../../../../src/wire/kafka/generated/80-add-raft-voter.ts';
import { decodeResponse, encodeRequest } from '../../../../src/wire/kafka/header.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';
import { encodeGivenUp } from '../../../../src/wire/state/promotion-codec.ts';
import { encodeMember, encodeTopic, unplaced } from '../../../../src/wire/state/state-codec.ts';
import { DecisionsWorld } from './decisions-world.ts';

const disk = (n: number) => uuid(`00000000-0000-4000-8000-00000000000${n}`);
const clusterId = disk(9);

const factsOf = (nodeId: number, directoryId: Uuid, former: Uuid[] = []): NodeFacts => ({
  ...{ clusterName: 'plant', clusterId, nodeId, directoryId, startCounter: 4, startIds: [] },
  ...{ formerDirectoryIds: former, isWitness: false, peers: [], clusterTopicId: disk(8) },
  version: '1',
});

/** What `from` asks for itself; told why it is refused, or undefined. */
function askToEnter(
  operators: Operators,
  from: NodeFacts,
  asked: Pick<AddRaftVoterRequest, 'isReplacing' | 'replacedDirectoryId'>,
  told: (refusal: string | undefined) => void,
): void {
  const [[, handler]] = operators.newcomerHandlers() as [readonly [number, never]];
  const { nodeId: voterId, directoryId: voterDirectoryId } = from;
  const request = encodeRequest(
    addRaftVoterCodec,
    0,
    { correlationId: 1, clientId: 'x' },
    {
      ...{ clusterId, timeoutMs: 1, voterId, voterDirectoryId, listeners: [], topicId: disk(8) },
      ...{ partition: 0, isWitness: false, ...asked },
    },
  );
  const exchange = {
    ...{ version: 0, correlationId: 1, connection: connectionId(voterId) },
    ...{ frame: request.subarray(frameLengthBytes), isAbandoned: false },
    settle: (said: Uint8Array) => {
      const answer = decodeResponse(addRaftVoterCodec, 0, said.subarray(frameLengthBytes));
      const isLetIn = answer.ok && answer.value.errorCode === 0;
      told(isLetIn ? undefined : JSON.stringify(answer));
    },
    close: () => undefined,
    onAbandoned: () => undefined,
  };
  (handler as (...asked: unknown[]) => void)(exchange, {
    now: () => monotonicMs(0),
  } as unknown as HandlerContext);
}

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
    ...{ isRenewed: false, peers: () => peers as unknown as Peers },
    facts: () => factsOf(1, disk(1)),
    clusterPartition: () => undefined,
    members: (voters) => knownMembers({ clusterId, voters, cluster: state, introduced: [] }),
    decisions: {
      state,
      decide: (changes, done) => {
        decided.push(...changes.map(({ key }) => utf8Decode(key)));
        done(true);
        return true;
      },
    },
    promote: () => undefined,
    adopt: () => undefined,
  });
  /** @returns why it is refused; undefined: it is let in. */
  const ask = (replacedDirectoryId: Uuid): string | undefined => {
    let said: string | undefined = 'no answer';
    askToEnter(operators, from, { isReplacing: true, replacedDirectoryId }, (refusal) => {
      said = refusal;
    });
    return said;
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

describe('what is asked while something is on its way', () => {
  /** Node 1 leads `__cluster`, where it votes alone; others ask to join. */
  function newLeader() {
    const world = new DecisionsWorld();
    const topic = {
      ...{ ...unplaced, name: 'sensors', topicId: disk(7), partitions: 1, internal: false },
      ...{ keepUnforwarded: true, retentionMs: -1, retentionBytes: -1 },
    };
    world.apply({ key: utf8Encode('topic/sensors'), value: encodeTopic(topic) });
    const voter = { nodeId: 1, directoryId: disk(1), role: 'data' };
    const partition = { leaderId: 1, voters: { voters: [voter] } } as unknown as Partition;
    const newcomers = new Map<number, NodeFacts>();
    const peers = {
      introducedOn: (connection: number) => newcomers.get(connection),
      introductions: () => new Map(),
    };
    const operators = new Operators({
      ...{ isRenewed: false, peers: () => peers as unknown as Peers },
      ...{ facts: () => factsOf(1, disk(1)), clusterPartition: () => partition },
      ...{ decisions: world.decisions, promote: () => undefined, adopt: () => undefined },
      members: (voters) => clusterMembers(voters, world.decisions.state.members()),
    });
    const answers: string[] = [];
    const join = (nodeId: number): void => {
      const from = { ...factsOf(nodeId, disk(nodeId)), clusterId: zeroUuid };
      newcomers.set(nodeId, from);
      const asked = { isReplacing: false, replacedDirectoryId: zeroUuid };
      askToEnter(operators, from, asked, (refusal) => answers.push(refusal ?? `join ${nodeId}`));
    };
    const alter = (alteration: TopicAlteration): void =>
      operators.ask({ type: 'alterTopic', topic: 'sensors', ...alteration }, (answer) => {
        answers.push(answer.ok ? 'alter' : answer.text);
      });
    const sensors = () => {
      const value = world.cluster.topic('sensors');
      const wanted = value && topicReplicas.wanted(value, 0);
      const nodes = wanted?.filter(({ isWitness }) => !isWitness).map(({ nodeId }) => nodeId);
      return { ...value, nodes: nodes?.sort() };
    };
    return { world, join, alter, answers, sensors };
  }

  it('keeps both of two joins', () => {
    const { world, join, answers, sensors } = newLeader();
    join(2);
    join(3);
    expect(answers).toEqual([]);
    world.commit();
    expect(answers).toEqual(['join 2', 'join 3']);
    expect([...world.cluster.members()].map(({ nodeId }) => nodeId)).toEqual([2, 3]);
    expect(sensors().nodes).toEqual([1, 2, 3]);
  });

  it('keeps a join and an alteration, whichever comes first', () => {
    for (const isJoinFirst of [true, false]) {
      const { world, join, alter, sensors } = newLeader();
      if (isJoinFirst) join(2);
      alter({ retentionMs: 5_000 });
      if (!isJoinFirst) join(2);
      world.commit();
      expect(sensors()).toMatchObject({ retentionMs: 5_000, nodes: [1, 2] });
    }
  });

  it('keeps both of two alterations', () => {
    const { world, alter, answers, sensors } = newLeader();
    alter({ retentionMs: 5_000 });
    alter({ retentionBytes: 6_000 });
    world.commit();
    expect(sensors()).toMatchObject({ retentionMs: 5_000, retentionBytes: 6_000 });
    expect(answers).toEqual(['alter', 'alter']);
  });

  it('says of what is asked twice that it is so only once it is committed', () => {
    const { world, join, answers } = newLeader();
    join(2);
    join(2);
    expect([answers, world.underway.length]).toEqual([[], 1]);
    world.depose();
    expect(answers).toHaveLength(2);
    for (const answer of answers) expect(answer).toContain('nothing was changed');
    join(2);
    expect(answers.at(-1)).toContain('no leader');
  });
});
