import { describe, expect, it } from 'vitest';
import { connectionId, uuid } from '../../../../src/base/brand.ts';
import { limits } from '../../../../src/base/limits.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import { TopicCreation } from '../../../../src/core/cluster/topic-creation.ts';
import { newTopicDefaults } from '../../../../src/core/kafka/broker-view.ts';
import type { ViewChange } from '../../../../src/ports/state-view.ts';
import { createTopicsCodec } from '../../../../src/wire/kafka/generated/19-create-topics.ts';
import { FrameSplitter } from '../../../../src/wire/kafka/frame.ts';
import { decodeResponse, encodeRequest } from '../../../../src/wire/kafka/header.ts';
import { NodeWorld } from '../node-world.ts';

const connection = connectionId(7);

function startedWorld(): NodeWorld {
  const world = new NodeWorld();
  world.start();
  world.post({ type: 'KafkaConnectionOpened', connection });
  return world;
}

/** Asks for topics by name and number of partitions. */
function create(world: NodeWorld, topics: readonly (readonly [string, number])[]): void {
  const request = {
    topics: topics.map(([name, numPartitions]) => ({
      name,
      numPartitions,
      replicationFactor: -1,
      assignments: [],
      configs: [],
    })),
    timeoutMs: 30_000,
    validateOnly: false,
  };
  const identity = { correlationId: 1, clientId: 'test' };
  const chunk = encodeRequest(createTopicsCodec, 7, identity, request);
  world.post({ type: 'KafkaBytesReceived', connection, chunk });
}

/** Error codes of all answers. */
function codes(world: NodeWorld): number[] {
  return world.effects.flatMap((effect) => {
    if (effect.type !== 'SendBytes') return [];
    return effect.chunks.flatMap((chunk) => {
      const frames = new FrameSplitter(10_000_000).push(chunk);
      return (frames.ok ? frames.value : []).flatMap((frame) => {
        const answer = decodeResponse(createTopicsCodec, 7, frame);
        return answer.ok ? answer.value.topics.map(({ errorCode }) => errorCode) : [];
      });
    });
  });
}

const logsOf = (world: NodeWorld, topic: string) =>
  world.logs.filter((log) => log.topic === topic).length;

describe('TopicCreation', () => {
  it('makes no log before the record is committed (C7)', () => {
    const world = startedWorld();
    world.stopSyncing();
    create(world, [['made', 3]]);
    world.turn();
    expect(logsOf(world, 'made')).toBe(0);
    expect(codes(world)).toEqual([]);
    world.syncAgain();
    expect(logsOf(world, 'made')).toBe(3);
    expect(codes(world)).toEqual([0]);
  });

  it('forgets a topic whose record was not durable, and keeps one whose record was', () => {
    const world = startedWorld();
    create(world, [['kept', 1]]);
    world.turn();
    world.stopSyncing();
    create(world, [['lost', 1]]);
    world.turn();
    world.crash();
    world.turn();
    expect(logsOf(world, 'lost')).toBe(0);
    world.post({ type: 'KafkaConnectionOpened', connection });
    create(world, [
      ['kept', 1],
      ['lost', 1],
    ]);
    world.turn();
    expect(codes(world).slice(-2)).toEqual([36, 0]);
  });

  it('answers 36 for a topic that is on its way', () => {
    const world = startedWorld();
    world.stopSyncing();
    create(world, [['made', 1]]);
    create(world, [['made', 1]]);
    expect(codes(world)).toEqual([]); // the second answer waits for the first: one connection
    world.syncAgain();
    expect(codes(world)).toEqual([0, 36]);
  });

  it.each([
    ['a/b', 1, 17],
    ['__mine', 1, 17],
    ['sensors', 2, 36],
    ['made', 0, 37],
    ['made', limits.partitionsPerTopicMax, 0],
    ['made', limits.partitionsPerTopicMax + 1, 37],
  ])('answers %s with %i partitions by %i', (name, partitions, code) => {
    const world = startedWorld();
    create(world, [[name, partitions]]);
    world.turn();
    expect(codes(world)).toEqual([code]);
  });

  it('refuses more partitions than the node carries, also by topics on their way', () => {
    const world = startedWorld();
    world.stopSyncing();
    const free = limits.partitionsMax - 3; // 2 of sensors, 1 of __mqtt_sessions
    const whole = Math.floor(free / limits.partitionsPerTopicMax);
    const rest = free - whole * limits.partitionsPerTopicMax;
    const topics = Array.from(
      { length: whole },
      (_, i) => [`t${i}`, limits.partitionsPerTopicMax] as const,
    );
    create(world, [...topics, ['over', rest + 1], ['last', rest], ['none', 1]]);
    world.syncAgain();
    expect(codes(world)).toEqual([...topics.map(() => 0), 44, 0, 44]);
  });
});

describe('replicas of a new topic', () => {
  const id = uuid('33333333-3333-4333-8333-333333333333');

  /** The leader of `__cluster`, among so many data nodes. */
  function newCreation(dataNodes: number) {
    const cluster = new ClusterState();
    const asked: number[] = [];
    const decide = (changes: readonly ViewChange[], done: (isCommitted: boolean) => void) => {
      for (const { key, value } of changes) cluster.apply(utf8Decode(key), value);
      done(true);
      return true;
    };
    const creation = new TopicCreation({
      ...{ random: { next: () => 0, uuid: () => id }, isReady: () => true },
      decisions: { state: cluster, isOpen: true, decide },
      placement: () => ({
        dataNodes,
        assign: ({ replicas = 0 }) => {
          asked.push(replicas);
          return [];
        },
      }),
      open: (_, opened) => opened(),
    });
    return { creation, cluster, asked };
  }

  const topicOf = (replicas: number, minInsyncReplicas = 0) => ({
    ...newTopicDefaults,
    ...{ name: 'made', replicas, minInsyncReplicas },
  });

  it.each([
    [3, 1, 1, 1],
    [3, 2, 2, 2],
    [3, 3, 3, 3],
    [3, 0, 0, 3],
    [5, 5, 5, 5],
    [5, 0, 0, 3],
    // One is no choice where there is one node.
    [1, 1, 0, 1],
  ])('%i data nodes, %i wanted: %i recorded, %i copies', (dataNodes, replicas, noted, copies) => {
    const { creation, cluster, asked } = newCreation(dataNodes);
    const topic = topicOf(replicas);
    expect(creation.refusal(topic)).toBeUndefined();
    expect(creation.copiesOf(replicas)).toBe(copies);
    let isMade = false;
    creation.create(topic, () => (isMade = true));
    expect([isMade, asked]).toEqual([true, [replicas]]);
    expect(cluster.topic('made')).toMatchObject({ replicas: noted, minInsyncReplicas: 0 });
  });

  it('refuses more than there are data nodes, and more in sync than replicas', () => {
    const { creation, cluster } = newCreation(2);
    expect(creation.refusal(topicOf(3))).toEqual({
      error: 'INVALID_REPLICATION_FACTOR',
      text: '3 replicas need 3 data nodes; there are 2.',
    });
    expect(creation.refusal(topicOf(2, 3))).toMatchObject({ error: 'INVALID_CONFIG' });
    expect(creation.refusal(topicOf(0, 3))).toMatchObject({ error: 'INVALID_CONFIG' });
    expect(creation.refusal(topicOf(2, 2))).toBeUndefined();
    creation.create(topicOf(2, 2), () => undefined);
    expect(cluster.topic('made')).toMatchObject({ replicas: 2, minInsyncReplicas: 2 });
  });
});
