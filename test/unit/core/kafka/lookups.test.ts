import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset, timestampMs } from '../../../../src/base/brand.ts';
import type { ListOffsetsResponsePartition } from '../../../../src/wire/kafka/generated/02-list-offsets.ts';
import { listOffsetsCodec } from '../../../../src/wire/kafka/generated/02-list-offsets.ts';
import type { MetadataRequest } from '../../../../src/wire/kafka/generated/03-metadata.ts';
import { metadataCodec } from '../../../../src/wire/kafka/generated/03-metadata.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';
import { RouterBench } from './router-bench.ts';

function metadataOf(names: readonly string[] | null): MetadataRequest {
  return {
    topics: names && names.map((name) => ({ topicId: zeroUuid, name })),
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  };
}

describe('Metadata', () => {
  it('lists all topics for null, and in version 0 for an empty list', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 2);
    bench.view.addTopic('__cluster', 1);
    const all = bench.call(metadataCodec, 12, metadataOf(null));
    expect(all.topics.map(({ name, isInternal }) => [name, isInternal])).toEqual([
      ['sensors', false],
      ['__cluster', true],
    ]);
    expect(bench.call(metadataCodec, 0, metadataOf([])).topics).toHaveLength(2);
    expect(bench.call(metadataCodec, 1, metadataOf([])).topics).toEqual([]);
  });

  it('describes node, cluster and partitions', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    const answer = bench.call(metadataCodec, 12, metadataOf(['sensors']));
    expect(answer).toMatchObject({
      brokers: [{ nodeId: 1, host: 'gateway', port: 9092 }],
      clusterId: '11111111-2222-3333-4444-555555555555',
      controllerId: 1,
    });
    expect(answer.topics[0]).toMatchObject({
      errorCode: 0,
      topicId: '00000000-0000-0000-0000-000000000001',
      partitions: [{ errorCode: 0, leaderId: 1, leaderEpoch: 4, replicaNodes: [1], isrNodes: [1] }],
    });
  });

  it('says 5 where there is no leader yet', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 2).isLeader = false;
    bench.view.partitions.delete('sensors/1');
    const { topics } = bench.call(metadataCodec, 7, metadataOf(['sensors']));
    expect(topics[0]?.partitions).toMatchObject([
      { errorCode: 5, leaderId: -1 },
      { errorCode: 5, leaderId: -1, partitionIndex: 1 },
    ]);
  });

  it('creates nothing: unknown is 3, no name at all is 17, an unknown id is 100', () => {
    const bench = new RouterBench();
    const { topics } = bench.call(metadataCodec, 8, metadataOf(['nowhere', 'a b', '..', '']));
    expect(topics.map(({ errorCode }) => errorCode)).toEqual([3, 17, 17, 17]);
    const { topicId } =
      (bench.view.addTopic('sensors', 1), bench.view.list[0] ?? { topicId: zeroUuid });
    const byId = {
      ...metadataOf([]),
      topics: [
        { topicId, name: null },
        { topicId: zeroUuid, name: null },
      ],
    };
    const answer = bench.call(metadataCodec, 12, byId);
    expect(answer.topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['sensors', 0],
      [null, 100],
    ]);
  });
});

function listOffsets(
  bench: RouterBench,
  version: number,
  timestamps: readonly number[],
): readonly ListOffsetsResponsePartition[] {
  const partitions = timestamps.map((timestamp, partitionIndex) => ({
    partitionIndex,
    currentLeaderEpoch: -1,
    timestamp,
  }));
  const topics = [{ name: 'sensors', partitions }];
  bench.ask(listOffsetsCodec, version, { replicaId: -1, isolationLevel: 1, topics });
  return bench.answer(listOffsetsCodec, version).topics[0]?.partitions ?? [];
}

describe('ListOffsets', () => {
  it('gives earliest and latest', () => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 2);
    log.logStartOffset = offset(2);
    expect(listOffsets(bench, 7, [-2, -1])).toMatchObject([
      { errorCode: 0, offset: 2, timestamp: -1 },
      { errorCode: 0, offset: 10, timestamp: -1, leaderEpoch: 4 },
    ]);
  });

  it('does not know the latest before its epoch is committed (C6)', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1).isEpochCommitted = false;
    expect(listOffsets(bench, 5, [-1])).toMatchObject([{ errorCode: 78, offset: -1 }]);
    expect(listOffsets(bench, 4, [-1])).toMatchObject([{ errorCode: 5, offset: -1 }]);
    expect(listOffsets(bench, 4, [-2])).toMatchObject([{ errorCode: 0, offset: 0 }]);
  });

  it('searches by time, each partition for itself', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 3);
    bench.view.findOffset = (log, timestamp, done) => {
      const found = {
        offset: offset(7),
        timestamp: timestampMs(Math.abs(timestamp)),
        leaderEpoch: leaderEpoch(3),
      };
      if (log.partition === 2) return done({ ok: false, error: 'KAFKA_STORAGE_ERROR' });
      return done({ ok: true, found: log.partition === 0 ? found : undefined });
    };
    expect(listOffsets(bench, 7, [-3, 1_000, 1_000])).toEqual([
      { partitionIndex: 0, errorCode: 0, offset: 7, timestamp: 3, leaderEpoch: 3 },
      { partitionIndex: 1, errorCode: 0, offset: -1, timestamp: -1, leaderEpoch: -1 },
      { partitionIndex: 2, errorCode: 56, offset: -1, timestamp: -1, leaderEpoch: -1 },
    ]);
  });

  it('refuses questions that a version does not have, and unknown partitions', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    expect(listOffsets(bench, 6, [-3])).toMatchObject([{ errorCode: 35 }]);
    expect(listOffsets(bench, 7, [-4, -1])).toMatchObject([{ errorCode: 35 }, { errorCode: 3 }]);
  });
});
