import { describe, expect, it } from 'vitest';
import { leaderEpoch, uuid } from '../../../../../src/base/brand.ts';
import type { MetadataRequest } from '../../../../../src/wire/kafka/generated/03-metadata.ts';
import { metadataCodec } from '../../../../../src/wire/kafka/generated/03-metadata.ts';
import { encodeRequest } from '../../../../../src/wire/kafka/header.ts';
import { zeroUuid } from '../../../../../src/wire/kafka/protocol-reader.ts';
import { RouterBench } from '../router-bench.ts';

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

  it('answers a topic once, however often it is named', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 3);
    const names = Array.from({ length: 1_000 }, (_, index) => (index % 2 ? 'sensors' : 'other'));
    const { topics } = bench.call(metadataCodec, 12, metadataOf(names));
    expect(topics.map(({ name }) => name)).toEqual(['other', 'sensors']);
  });

  it.each([10, 11, 12])('v%i answers an unknown topic id', (version) => {
    const bench = new RouterBench();
    const topicId = uuid('0b5c1f5e-6a1b-4c7d-8e9f-102030405060');
    const asked = { ...metadataOf([]), topics: [{ topicId, name: null }] };
    expect(bench.call(metadataCodec, version, asked).topics).toMatchObject([
      { errorCode: 100, name: version < 12 ? '' : null, topicId },
    ]);
  });

  it('survives a name that would not fit its length if it were sent back', () => {
    const bench = new RouterBench();
    const frame = encodeRequest(
      metadataCodec,
      1,
      { correlationId: 1, clientId: null },
      {
        ...metadataOf(['x'.repeat(20_000)]),
      },
    );
    frame.fill(0xff, 30);
    bench.receive(frame.slice());
    expect(bench.typesOf()).toEqual(['CloseConnection']);
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
    bench.view.addTopic('sensors', 2).leaderId = undefined;
    bench.view.partitions.delete('sensors/1');
    const { topics } = bench.call(metadataCodec, 7, metadataOf(['sensors']));
    expect(topics[0]?.partitions).toMatchObject([
      { errorCode: 5, leaderId: -1 },
      { errorCode: 5, leaderId: -1, partitionIndex: 1 },
    ]);
  });

  it('names the leaders of partitions that the node does not keep', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 2);
    bench.view.partitions.delete('sensors/1');
    const place = { leaderId: 3, leaderEpoch: leaderEpoch(7), replicaIds: [2, 3], inSyncIds: [2] };
    bench.view.places.set('sensors/1', place);
    const { topics } = bench.call(metadataCodec, 12, metadataOf(['sensors']));
    expect(topics[0]?.partitions).toMatchObject([
      { errorCode: 0, leaderId: 1 },
      { errorCode: 0, leaderId: 3, leaderEpoch: 7, replicaNodes: [2, 3], isrNodes: [2] },
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

  it('creates a topic on the way where config and request want it, and says 5 until it is there', () => {
    const bench = new RouterBench(true);
    const asked = (name: string, allowAutoTopicCreation: boolean) =>
      bench.call(metadataCodec, 12, { ...metadataOf([name]), allowAutoTopicCreation }).topics[0];
    expect(asked('wanted', false)?.errorCode).toBe(3);
    expect(asked('a b', true)?.errorCode).toBe(17);
    expect(bench.view.creations).toEqual([]);
    expect(asked('wanted', true)?.errorCode).toBe(5);
    expect(bench.view.creations.map(({ topic }) => topic.name)).toEqual(['wanted']);
    bench.view.refusal = 'TOPIC_ALREADY_EXISTS'; // it is on its way
    expect(asked('wanted', true)?.errorCode).toBe(5);
    bench.view.refusal = 'POLICY_VIOLATION';
    expect(asked('another', true)?.errorCode).toBe(3);
    expect(bench.view.creations).toHaveLength(1);
  });
});
