import { describe, expect, it } from 'vitest';
import { leaderEpoch, monotonicMs, uuid } from '../../../src/base/brand.ts';
import { utf8Decode } from '../../../src/base/bytes.ts';
import { Prng } from '../../../src/base/prng.ts';
import { Boot, type BootOptions } from '../../../src/core/boot.ts';
import { ClusterState, clusterTopicName } from '../../../src/core/cluster/cluster-state.ts';
import { Decisions } from '../../../src/core/cluster/decisions.ts';
import { InternalTopic } from '../../../src/core/cluster/internal-topic.ts';
import type { Effect } from '../../../src/core/effect.ts';
import type { LocalPartitions } from '../../../src/core/local-partitions.ts';
import { PartitionTable } from '../../../src/core/partition-table.ts';
import { scanBatches } from '../../../src/wire/kafka/batch-scan.ts';
import { iterateRecords } from '../../../src/wire/kafka/record-iterator.ts';
import { emptyLog, newPartition } from './partition-world.ts';

const topicId = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b07');

/** A node of several that leads `__cluster` when it starts; it keeps no other partition. */
function newBoot() {
  const world = newPartition(emptyLog({ topic: clusterTopicName }));
  const { partition } = world;
  const prng = new Prng(1);
  const partitions = new PartitionTable(false);
  partitions.add(partition);
  const cluster = new ClusterState();
  const opened: string[] = [];
  let isReady = false;
  const local = {
    begin: () => undefined,
    isAssigned: () => false,
    open: ({ name }: { name: string }) => void opened.push(name),
  };
  const boot = new Boot({
    ...{ partitions, cluster, seeds: [], isAlone: false, emit: () => undefined },
    random: { next: () => prng.next(), uuid: () => topicId },
    decisions: new Decisions({ cluster, log: () => boot.internal(clusterTopicName) }),
    local: local as unknown as LocalPartitions,
    openInternal: () =>
      new InternalTopic({
        partition,
        apply: (key, value) => {
          cluster.apply(key, value);
          if (key.startsWith('topic/')) boot.topicChanged(key.slice('topic/'.length));
        },
        append: () => undefined,
        flush: () => undefined,
        read: (_from, _to, done) => done({ ok: true, bytes: world.log[0] ?? new Uint8Array() }),
        emit: () => undefined,
        holeFound: () => undefined,
        survivesHole: () => true,
      }),
    takeProducerIds: (taken) => taken(),
    assign: () => [],
    ready: () => (isReady = true),
  });
  boot.started();
  boot.advanced(partition);
  const commit = () => {
    world.persistAll();
    boot.advanced(partition);
  };
  return { ...world, boot, cluster, opened, commit, isReady: () => isReady };
}

const keysIn = (bytes: Uint8Array): string[] => {
  const keys: string[] = [];
  for (const header of scanBatches(bytes).headers) {
    const records = iterateRecords(bytes, header);
    while (records.ok && records.value.next()) {
      keys.push(utf8Decode(records.value.key() ?? new Uint8Array()));
    }
  }
  return keys;
};

describe('a start of one of several nodes', () => {
  it('opens topics when the leader of __cluster has committed them', () => {
    const { boot, opened, commit, isReady } = newBoot();
    expect(boot.hasOpened).toBe(false);
    commit();
    expect(opened).toContain('__mqtt_sessions');
    expect(isReady()).toBe(true);
  });

  it('goes on as a follower when it is deposed before its topics are committed', () => {
    const { boot, batches, cluster, partition, opened, isReady } = newBoot();
    const [seeds = new Uint8Array()] = batches();
    expect(keysIn(seeds)).toEqual(['topic/__mqtt_sessions']);
    partition.replica.leaderTold(leaderEpoch(9), 2, monotonicMs(1));
    expect(boot.hasOpened).toBe(true);
    expect(isReady()).toBe(false);

    // Its successor has decided, too.
    const records = iterateRecords(seeds, scanBatches(seeds).headers[0] as never);
    if (!records.ok || !records.value.next()) throw new Error('no record');
    cluster.apply('topic/__mqtt_sessions', records.value.value());
    boot.topicChanged('__mqtt_sessions');
    expect(opened).toEqual(['__mqtt_sessions']);
  });
});

it.each([
  [true, 'move the data directory away to start anew'],
  [false, 'a partition that nobody leads may have its last copy there'],
])('stops without __cluster-0 and says what to do, alone: %s', (isAlone, text) => {
  const partitions = new PartitionTable(isAlone);
  partitions.add(newPartition(emptyLog({ topic: 'sensors' })).partition);
  const stops: string[] = [];
  const boot = new Boot({
    partitions,
    isAlone,
    emit: (effect: Effect) => void stops.push(effect.type === 'StopNode' ? effect.text : ''),
  } as unknown as BootOptions);
  boot.started();
  expect(stops).toEqual([expect.stringContaining(text)]);
});
