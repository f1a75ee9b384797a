import { describe, expect, it, vi } from 'vitest';
import { present } from '../../../src/base/assert.ts';
import { connectionId, leaderEpoch, offset, uuid } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { zeroUuid } from '../../../src/wire/kafka/protocol-reader.ts';
import type { OperatorRequest } from '../../../src/core/cluster/operator-request.ts';
import { NodeWorld } from './node-world.ts';

const auto = { replicas: 0, minInsyncReplicas: 0 };

const started = () => {
  const world = new NodeWorld();
  world.start();
  expect(world.isReady).toBe(true);
  return world;
};

const epochs = (world: NodeWorld) =>
  [...world.node.view.partitions].map(({ topic, partition, leaderEpoch }) => [
    `${topic}-${partition}`,
    leaderEpoch,
  ]);

describe('Node', () => {
  it('can be looked at before its first turn, for /readyz', () => {
    const { isReady, clock } = new NodeWorld().node.view;
    expect([isReady, clock.apartMs]).toEqual([false, 0]);
  });

  it('says once whom it waits for while its cluster is not born', () => {
    const peers = [1, 2, 3].map((nodeId) => ({ nodeId, isWitness: false }));
    const cluster = { name: 'plant', peers, replicaLagTimeMaxMs: 1_000, version: '1' };
    const world = new NodeWorld({ cluster, clusterId: zeroUuid });
    world.start();
    const printed = (): string[] =>
      world.effects
        .flatMap((effect) => (effect.type === 'Print' ? effect.text : []))
        .filter((text) => text.includes('waits'));
    expect(printed()).toEqual([]);
    for (let i = 0; i < 3; i++) world.later(60_000);
    expect(printed()).toEqual([expect.stringContaining('waits for node 2, 3')]);
  });

  it('is born on an empty disk: __cluster first, then the topics it names', () => {
    const world = started();
    expect(world.logs.map(({ topic, partition }) => `${topic}-${partition}`)).toEqual([
      '__cluster-0',
      'sensors-0',
      'sensors-1',
      '__mqtt_sessions-0',
    ]);
    expect(new Set(epochs(world).map(([, epoch]) => epoch))).toEqual(new Set([1]));
  });

  it('leads a new epoch after every start, the vote durable before its first batch (C1)', () => {
    const world = started();
    world.crash();
    expect(world.isReady).toBe(true);
    expect(new Set(epochs(world).map(([, epoch]) => epoch))).toEqual(new Set([2]));
    const order = world.effects.map(({ type }) => type);
    expect(order.indexOf('PersistVotes')).toBeLessThan(order.indexOf('AppendBatch'));
  });

  it('leads above what it voted for before a crash, and further above lost votes (C1, V4)', () => {
    const world = started();
    const epoch = leaderEpoch(7);
    // Each vote is durable, no batch of its epoch is.
    for (const [key, vote] of world.votes) world.votes.set(key, { ...vote, leaderEpoch: epoch });
    world.crash();
    expect(new Set(epochs(world).map(([, led]) => led))).toEqual(new Set([8]));
    const damaged = new NodeWorld({ isJournalDamaged: true });
    damaged.start();
    expect(new Set(epochs(damaged).map(([, led]) => led))).toEqual(new Set([1_000]));
  });

  it('leads nothing alone with a disk that is another one since it lost its votes (V4)', () => {
    const before = started();
    const stored = {
      ...{ clusterTopicId: undefined, startVoters: [], witnesses: [], peerStarts: [] },
      ...{ formerDirectoryIds: [zeroUuid], onceHad: [], givingUp: [] },
    };
    const peers = [1, 2].map((nodeId) => ({ nodeId, isWitness: false }));
    const cluster = { name: 'plant', peers, replicaLagTimeMaxMs: 1_000, version: '1' };
    const world = new NodeWorld({ cluster, stored });
    world.logs.push(...before.logs);
    world.start();
    world.later(60_000);
    const [own] = world.node.view.partitions;
    expect([own?.topic, own?.hasBegun, own?.isLeader]).toEqual(['__cluster', true, false]);
    expect(own?.replica.nextDeadline()).toBeUndefined();
  });

  it('keeps topic ids and partition counts over a restart, and seeds once', () => {
    const world = started();
    const before = world.logs.map(({ topicId }) => topicId);
    world.crash();
    expect(world.logs.map(({ topicId }) => topicId)).toEqual(before);
  });

  it('gives every start its own ingest producer (P4)', () => {
    const world = started();
    world.publish('a', '1');
    world.turn();
    world.crash();
    world.publish('a', '2');
    world.turn();
    expect(world.records('sensors').map(({ value }) => value)).toEqual(['1', '2']);
  });

  it('goes on behind rot in __cluster: topics keep their ids, no producer id comes twice (V4)', () => {
    for (const lost of [/^topic\/sensors/, /^topic\//, /^producer-ids/]) {
      const world = started();
      world.publish('a', '1');
      world.turn();
      const ids = world.logs.map(({ topicId }) => topicId);
      world.lose('__cluster', ({ key }) => lost.test(key));
      world.crash();
      expect(world.isReady, String(lost)).toBe(true);
      expect(world.logs.map(({ topicId }) => topicId)).toEqual(ids);
      world.publish('a', '2');
      world.turn();
      expect(world.records('sensors').map(({ value }) => value)).toEqual(['1', '2']);
      expect(new Set(world.ingestProducers('sensors')).size).toBe(2);
      world.crash();
      world.publish('a', '3');
      world.turn();
      expect(new Set(world.ingestProducers('sensors')).size).toBe(3);
    }
  });

  it('stores a reading again, and never not at all, where rot took a removal (P5)', () => {
    const world = started();
    world.openSession(1);
    world.publish('a', 'first', { qos: 2, packetId: 7 });
    world.turn();
    world.releaseIdentifier(7);
    world.turn();
    world.publish('a', 'other', { qos: 2, packetId: 8 });
    world.turn();
    // The tombstone: the identifier would stay open, and answer for the next reading.
    world.lose('__mqtt_sessions', ({ key, value }) => key.startsWith('qos2/') && value === '');
    world.crash();
    world.openSession(2);
    expect(world.sessions.get(2)).toEqual([8]);
    const second = world.publish('a', 'second', { qos: 2, packetId: 7 });
    world.turn();
    expect(world.released).toContain(second);
    expect(world.records('sensors').map(({ value }) => value)).toEqual(
      expect.arrayContaining(['first', 'other', 'second']),
    );
  });

  it('holds nothing of QoS 2 publishes whose clean session has ended', () => {
    const world = started();
    world.openSession(1, 'client', true);
    world.stopSyncing();
    const publish = world.publish('a', 'x', { qos: 2, packetId: 7 });
    world.post({ type: 'ConnectionClosed', connection: connectionId(1) });
    expect(world.rejected).toEqual([publish]);
    world.syncAgain();
    expect(world.released).toEqual([]);
  });

  it('acknowledges a publish when it is durable, never before (C5)', () => {
    const world = started();
    world.stopSyncing();
    const publishId = world.publish('a', 'reading');
    world.turn();
    expect(world.released).toEqual([]);
    world.syncAgain();
    expect(world.released).toEqual([publishId]);
  });

  it('keeps the order of a connection over partitions', () => {
    const world = started();
    const ids = Array.from({ length: 20 }, (_, i) => world.publish(`topic/${i}`, String(i)));
    world.turn();
    expect(world.released).toEqual(ids);
    expect(
      new Set(world.logs.filter((l) => l.topic === 'sensors').map((l) => l.durable > 1)),
    ).toEqual(new Set([true]));
  });

  it.each([1, 2] as const)('acknowledges and counts what no route names, QoS %i', (qos) => {
    const world = new NodeWorld({
      routes: [{ from: 'plant/#', topic: 'sensors', key: 'mqttTopic' }],
    });
    world.start();
    const id = world.publish('elsewhere', 'x', { qos });
    world.turn();
    expect(world.released).toEqual([id]);
    expect(world.records('sensors')).toEqual([]);
    expect(world.node.view.unroutedPublishes).toBe(1);
  });

  it.each([1, 2] as const)('stores nothing of QoS %i in a topic that is not there', (qos) => {
    const world = new NodeWorld({ routes: [{ from: '#', topic: 'elsewhere', key: 'mqttTopic' }] });
    world.start();
    const id = world.publish('a', 'x', { qos });
    world.turn();
    expect({ released: world.released, rejected: world.rejected }).toEqual({
      released: [],
      rejected: [id],
    });
  });

  it('refuses a record that no batch can hold, and closes its connection', () => {
    const world = started();
    const id = world.publish('a', 'x'.repeat(200_000));
    world.turn();
    expect(world.rejected).toEqual([id]);
  });

  it('holds publishers while the disk is full, and lets them go after', () => {
    const world = started();
    world.post({ type: 'DiskStalled' });
    world.turn();
    world.post({ type: 'DiskFilled', missingBytes: 1, budgetBytes: 1 });
    world.turn();
    world.post({ type: 'DiskFreed' });
    world.turn();
    const held = world.effects.filter((effect) => effect.type === 'HoldPublishers');
    expect(held.map((effect) => effect.held)).toEqual(['all', 'acknowledged', 'none']);
    expect(world.effects.some(({ type }) => type === 'ListSegments')).toBe(false);
  });

  it('leaves what others can lead to them while the disk stalls, and holds nobody then (L8)', () => {
    const world = started();
    const led = [...world.node.view.partitions];
    let canElect = false;
    const resigned: string[] = [];
    for (const { topic, replica } of led) {
      const leadership = present(replica.leadership, 'it leads');
      vi.spyOn(leadership, 'hasHeirs').mockImplementation(() => canElect);
      vi.spyOn(replica, 'resign').mockImplementation(() => {
        resigned.push(topic);
        vi.spyOn(replica, 'isLeader', 'get').mockReturnValue(false);
      });
    }
    world.post({ type: 'DiskStalled' });
    world.turn();
    expect(resigned).toEqual([]);
    canElect = true;
    world.later(1);
    expect(resigned.toSorted()).toEqual(led.map(({ topic }) => topic).toSorted());
    const held = world.effects.filter((effect) => effect.type === 'HoldPublishers');
    expect(held.map((effect) => effect.held)).toEqual(['all', 'none']);
  });

  it('drops and counts QoS 0 while the disk is full, and closes nothing for it', () => {
    const world = started();
    world.stopSyncing();
    const early = world.publish('a', 'early', { qos: 0 });
    const behind = world.publish('a', 'behind');
    world.turn();
    world.post({ type: 'DiskFilled', missingBytes: 1, budgetBytes: 1 });
    const late = world.publish('a', 'late', { qos: 0 });
    world.turn();
    expect(world.node.view.droppedQos0).toBe(1);
    const rejects = world.effects.filter((effect) => effect.type === 'RejectPublish');
    expect(rejects).toMatchObject([{ publishId: late, closeConnection: false }]);
    world.later(11_000);
    expect(world.released).toEqual([early]);
    expect(world.rejected).toEqual([late, behind]);
    world.post({ type: 'DiskFreed' });
    world.syncAgain();
    world.turn();
    expect(world.records('sensors').map(({ value }) => value)).toEqual(['early', 'behind']);
  });

  it('gives up a publish that the disk does not take in time, and closes its connection (P3)', () => {
    const world = started();
    world.stopSyncing();
    const late = world.publish('a', 'late');
    world.turn();
    world.later(9_000);
    expect(world.rejected).toEqual([]);
    world.later(2_000);
    expect(world.rejected).toEqual([late]);
    world.syncAgain();
    expect(world.released).toEqual([]);
  });

  it('does not start alone on a disk of a cluster', () => {
    const world = started();
    const voters = [1, 2, 3].map((nodeId) => ({
      nodeId,
      directoryId: uuid(`${nodeId}2222222-2222-4222-8222-222222222222`),
      role: 'data' as const,
    }));
    for (const log of world.logs) log.startVoters = voters;
    world.crash();
    expect(world.isReady).toBe(false);
    const stop = world.effects.find(({ type }) => type === 'StopNode');
    expect(stop).toMatchObject({ text: expect.stringContaining('of the nodes 1, 2, 3') });
  });

  it('does not start on a disk whose __cluster is missing', () => {
    const world = started();
    world.logs.shift();
    world.crash();
    expect(world.isReady).toBe(false);
    expect(world.effects.at(-1)).toMatchObject({ type: 'StopNode' });
  });
});

describe('QoS 2 through the node (P5)', () => {
  const qos2 = (packetId: number) => ({ qos: 2 as const, packetId });

  it('stores a reading once, however often its PUBLISH comes', () => {
    const world = started();
    world.openSession(1);
    const first = world.publish('a', 'reading', qos2(7));
    world.turn();
    const again = world.publish('a', 'reading', qos2(7));
    world.turn();
    expect(world.released).toEqual([first, again]);
    expect(world.records('sensors')).toHaveLength(1);
  });

  it.each([0, 1, 2, 3])('a crash after step %i loses and doubles nothing', (steps) => {
    const world = started();
    world.openSession(1);
    world.publish('a', 'first', qos2(7));
    if (steps > 0) world.turn();
    if (steps > 1) world.releaseIdentifier(7);
    if (steps > 2) world.turn();
    const wasReceived = world.released.length > 0;
    world.crash();
    world.openSession(2);
    if (!wasReceived || steps < 2) {
      world.publish('a', 'first', qos2(7));
      world.turn();
    }
    world.releaseIdentifier(7);
    world.turn();
    world.publish('a', 'second', qos2(7));
    world.turn();
    expect(world.records('sensors').map(({ value }) => value)).toEqual(['first', 'second']);
  });

  it('takes a reading that its producer state has forgotten for stored (46)', () => {
    const world = started();
    world.openSession(1);
    const packetIds = [1, 2, 3, 4, 5, 6, 7, 8];
    for (const packetId of packetIds) {
      world.publish('a', `reading ${packetId}`, qos2(packetId));
      world.turn();
    }
    world.crash();
    world.openSession(2);
    const again = world.publish('a', 'reading 1', qos2(1));
    world.turn();
    expect(world.released).toContain(again);
    expect(world.records('sensors')).toHaveLength(packetIds.length);
  });

  it('knows an open identifier again after days, under an earlier producer id too', () => {
    const world = started();
    world.openSession(1);
    world.publish('a', 'first', qos2(1));
    world.turn();
    world.crash();
    world.openSession(2);
    // The first one stays open: the session goes on with another producer id.
    world.publish('a', 'second', qos2(2));
    world.turn();
    world.crash();
    for (let day = 0; day < 4; day++) world.later(limits.producerIdleMs);
    world.openSession(3);
    world.publish('a', 'first', qos2(1));
    world.publish('a', 'second', qos2(2));
    world.turn();
    expect(world.records('sensors').map(({ value }) => value)).toEqual(['first', 'second']);
  });

  it('reports open identifiers after a restart, so that the client keeps them', () => {
    const world = started();
    world.openSession(1);
    world.publish('a', 'reading', qos2(9));
    world.turn();
    world.crash();
    world.openSession(2);
    expect(world.sessions.get(2)).toEqual([9]);
    world.post({ type: 'ConnectionClosed', connection: connectionId(1) });
    world.openSession(3, 'client', true);
    expect(world.sessions.get(3)).toEqual([]);
  });
});

describe('What was forwarded, through the node (L10, X4)', () => {
  it('commits a drop for each place where central may stand before it goes (L10)', () => {
    const topic = { name: 'sensors', partitions: 1, keepUnforwarded: false };
    const world = new NodeWorld({
      topics: [{ ...topic, retentionMs: -1, retentionBytes: -1, ...auto }],
      forwardedTopics: ['sensors'],
    });
    world.start();
    for (const value of ['1', '2', '3', '4']) {
      world.publish('a', value);
      world.turn();
    }
    const [partition] = [...world.node.view.partitions].filter(({ topic: t }) => t === 'sensors');
    if (partition === undefined) throw new Error('no partition');
    const { topicId, logId } = partition;
    const markAt = (baseOffset: number) => {
      const lastForwarded = { leaderEpoch: leaderEpoch(1), baseOffset: offset(baseOffset), crc: 7 };
      const forwardOffset = offset(baseOffset + 1);
      return { topicId, partition: 0, centralClusterId: 'c', forwardOffset, lastForwarded };
    };
    const ask = (askId: number, from: number, baseOffset: number): boolean | undefined => {
      const attempt = markAt(baseOffset);
      world.post({ type: 'ForwardAsked', askId, attempt, from: offset(from) });
      return world.effects
        .filter((effect) => effect.type === 'AnswerForwarder')
        .find((answer) => answer.askId === askId)?.isAllowed;
    };
    world.post({ type: 'ForwardProgressed', mark: markAt(1) });
    expect(ask(1, 2, 2)).toBe(true);
    const end = partition.highWatermark;
    world.stopSyncing();
    world.post({ type: 'RetentionProposed', logId, offset: end, reason: 'time' });
    expect(ask(2, 2, 3)).toBe(false);
    world.syncAgain();
    world.turn();
    world.turn();
    const types = world.effects.map(({ type }) => type);
    const described = world.effects.flatMap((effect) =>
      effect.type === 'DescribeForwardPartitions' ? effect.partitions : [],
    );
    expect(described.at(-1)?.drops).toMatchObject([
      { from: 2, to: end, count: end - 2, lastForwarded: { baseOffset: 1 } },
      { from: 3, to: end, count: end - 3, lastForwarded: { baseOffset: 2 } },
    ]);
    expect(types.lastIndexOf('AdvanceLogStart')).toBeGreaterThan(
      types.lastIndexOf('DescribeForwardPartitions'),
    );
    expect(ask(3, 2, 3)).toBe(false);
    expect(ask(4, end, 3)).toBe(true);
  });

  it('is kept for the next start where nothing may be dropped now', () => {
    const topic = { name: 'sensors', partitions: 1, keepUnforwarded: true };
    const world = new NodeWorld({
      topics: [{ ...topic, retentionMs: -1, retentionBytes: -1, ...auto }],
      forwardedTopics: ['sensors'],
    });
    world.start();
    const [sensors] = [...world.node.view.partitions].filter(({ topic: t }) => t === 'sensors');
    if (sensors === undefined) throw new Error('no partition');
    const place = { topicId: sensors.topicId, partition: 0, centralClusterId: 'c' };
    const attempt = { ...place, forwardOffset: offset(1) };
    world.post({ type: 'ForwardAsked', askId: 1, attempt, from: offset(0) });
    expect(world.effects.slice(-2)).toEqual([
      { type: 'NoteForwardAttempt', attempt },
      { type: 'AnswerForwarder', askId: 1, isAllowed: true },
    ]);
  });

  it('is known after a restart, and what may have been too', () => {
    const topic = { name: 'sensors', partitions: 1, keepUnforwarded: false };
    const world = new NodeWorld({
      topics: [{ ...topic, retentionMs: -1, retentionBytes: -1, ...auto }],
      forwardedTopics: ['sensors'],
    });
    world.start();
    for (const value of ['1', '2', '3', '4']) {
      world.publish('a', value);
      world.turn();
    }
    const sensors = () => {
      const [found] = [...world.node.view.partitions].filter(({ topic: t }) => t === 'sensors');
      if (found === undefined) throw new Error('no partition');
      return found;
    };
    const { topicId } = sensors();
    const markAt = (at: number) => {
      const lastForwarded = { leaderEpoch: leaderEpoch(1), baseOffset: offset(at - 1), crc: 7 };
      const place = { topicId, partition: 0, centralClusterId: 'c' };
      return { ...place, forwardOffset: offset(at), lastForwarded };
    };
    world.forwardMarks = [markAt(2)];
    world.forwardAttempts = [markAt(3)];
    world.crash();
    const described = world.effects.findLast((one) => one.type === 'DescribeForwardPartitions');
    expect(described?.partitions).toMatchObject([{ mark: { forwardOffset: 2 } }]);
    const { logId, highWatermark } = sensors();
    world.post({ type: 'RetentionProposed', logId, offset: highWatermark, reason: 'time' });
    const counted = world.effects.findLast((one) => one.type === 'CountRecords');
    expect(counted?.froms).toEqual([2, 3]);
  });
});

it('alone goes by its config, and says so to whoever wants to alter a topic', () => {
  const world = new NodeWorld();
  world.start();
  const ask = (request: OperatorRequest) => {
    world.post({ type: 'OperatorAsked', requestId: 1, request });
    const said = world.effects.findLast((one) => one.type === 'AnswerAdmin');
    return said?.answer.ok === false ? said.answer.text : 'done';
  };
  expect(ask({ type: 'alterTopic', topic: 'sensors', retentionMs: 1 })).toContain('`topics:`');
  expect(ask({ type: 'join' })).toContain('`cluster.peers`');
});
