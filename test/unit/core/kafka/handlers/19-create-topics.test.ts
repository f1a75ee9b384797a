import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../../src/base/brand.ts';
import type { ErrorCode } from '../../../../../src/base/errors.ts';
import type {
  CreateTopicsRequest,
  CreateTopicsRequestTopic,
} from '../../../../../src/wire/kafka/generated/19-create-topics.ts';
import { createTopicsCodec } from '../../../../../src/wire/kafka/generated/19-create-topics.ts';
import { zeroUuid } from '../../../../../src/wire/kafka/protocol-reader.ts';
import { RouterBench } from '../router-bench.ts';

const id = uuid('33333333-3333-4333-8333-333333333333');

const topicOf = (name: string, more: Partial<CreateTopicsRequestTopic> = {}) => ({
  name,
  numPartitions: 2,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...more,
});

const requestOf = (
  topics: readonly CreateTopicsRequestTopic[],
  more: Partial<CreateTopicsRequest> = {},
): CreateTopicsRequest => ({ topics, timeoutMs: 1_000, validateOnly: false, ...more });

const refused = (bench: RouterBench, topic: CreateTopicsRequestTopic) =>
  bench.call(createTopicsCodec, 7, requestOf([topic])).topics[0]?.errorCode;

describe('CreateTopics', () => {
  it('answers when the partitions of the topic take records', () => {
    const bench = new RouterBench();
    bench.ask(createTopicsCodec, 7, requestOf([topicOf('made')]));
    expect(bench.frames()).toEqual([]);
    expect(bench.view.creations[0]?.topic).toEqual({
      name: 'made',
      partitions: 2,
      retentionMs: 604_800_000,
      retentionBytes: -1,
      replicas: 1,
      minInsyncReplicas: 0,
    });
    bench.view.creations[0]?.done(id);
    expect(bench.answer(createTopicsCodec, 7).topics).toMatchObject([
      { name: 'made', topicId: id, errorCode: 0, numPartitions: 2, replicationFactor: 1 },
    ]);
  });

  it('gives the defaults of the config to a topic that does not say', () => {
    const bench = new RouterBench();
    const topic = topicOf('made', { numPartitions: -1, replicationFactor: -1 });
    bench.view.copies = 3;
    bench.ask(createTopicsCodec, 7, requestOf([topic]));
    expect(bench.view.creations[0]?.topic).toMatchObject({ partitions: 4, replicas: 0 });
    bench.view.creations[0]?.done(id);
    expect(bench.answer(createTopicsCodec, 7).topics).toMatchObject([{ replicationFactor: 3 }]);
  });

  it('asks for as many replicas as the client does', () => {
    const bench = new RouterBench();
    const configs = [{ name: 'min.insync.replicas', value: '2' }];
    const topic = topicOf('made', { replicationFactor: 3, configs });
    bench.ask(createTopicsCodec, 7, requestOf([topic]));
    expect(bench.view.creations[0]?.topic).toMatchObject({ replicas: 3, minInsyncReplicas: 2 });
    bench.view.creations[0]?.done(id);
    expect(bench.answer(createTopicsCodec, 7).topics).toMatchObject([{ replicationFactor: 3 }]);
  });

  it('takes retention, and configs that say what is so anyway', () => {
    const bench = new RouterBench();
    const configs = [
      { name: 'retention.ms', value: '60000' },
      { name: 'retention.bytes', value: '-1' },
      { name: 'cleanup.policy', value: 'delete' },
    ];
    bench.ask(createTopicsCodec, 7, requestOf([topicOf('made', { configs })]));
    expect(bench.view.creations[0]?.topic).toMatchObject({
      retentionMs: 60_000,
      retentionBytes: -1,
    });
  });

  it.each([
    ['cleanup.policy', 'compact'],
    ['retention.ms', '0'],
    ['retention.ms', '-2'],
    ['retention.ms', 'soon'],
    ['retention.bytes', null],
    ['max.message.bytes', '10'],
    ['min.insync.replicas', '0'],
    ['min.insync.replicas', '1.5'],
    ['x'.repeat(32_000), 'y'],
  ])('refuses the config %s = %s', (name, value) => {
    expect(refused(new RouterBench(), topicOf('made', { configs: [{ name, value }] }))).toBe(40);
  });

  it('names the config that it refuses, where that is one word', () => {
    const text = (name: string) => {
      const topic = topicOf('made', { configs: [{ name, value: '1' }] });
      const answer = new RouterBench().call(createTopicsCodec, 7, requestOf([topic]));
      return answer.topics[0]?.errorMessage;
    };
    expect(text('flush.ms')).toContain('flush.ms');
    expect(text('<b>')).not.toContain('<b>');
  });

  it('refuses numbers of replicas that none are, and places for them', () => {
    const bench = new RouterBench();
    for (const replicationFactor of [0, -2]) {
      expect(refused(bench, topicOf('made', { replicationFactor }))).toBe(38);
    }
    const assignments = [{ partitionIndex: 0, brokerIds: [1] }];
    expect(refused(bench, topicOf('made', { assignments }))).toBe(39);
  });

  it.each<[ErrorCode, number]>([
    ['TOPIC_ALREADY_EXISTS', 36],
    ['INVALID_TOPIC', 17],
    ['POLICY_VIOLATION', 44],
  ])('says %s when the node does', (error, code) => {
    const bench = new RouterBench();
    bench.view.refusal = error;
    expect(refused(bench, topicOf('made'))).toBe(code);
    expect(bench.view.creations).toEqual([]);
  });

  it('answers each topic for itself, and refuses one that is named twice', () => {
    const bench = new RouterBench();
    const topics = [topicOf('twice'), topicOf('once'), topicOf('twice')];
    bench.ask(createTopicsCodec, 7, requestOf(topics));
    bench.view.creations[0]?.done(id);
    const answer = bench.answer(createTopicsCodec, 7).topics;
    expect(answer.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['twice', 42],
      ['once', 0],
      ['twice', 42],
    ]);
  });

  it('only checks when asked to validate', () => {
    const bench = new RouterBench();
    const answer = bench.call(
      createTopicsCodec,
      7,
      requestOf([topicOf('made')], { validateOnly: true }),
    );
    expect(answer.topics).toMatchObject([{ errorCode: 0, topicId: zeroUuid }]);
    expect(bench.view.creations).toEqual([]);
  });

  it('answers nothing at once for no topics', () => {
    expect(new RouterBench().call(createTopicsCodec, 2, requestOf([])).topics).toEqual([]);
  });

  it('answers 7 at its timeout, and nothing after it', () => {
    const bench = new RouterBench();
    bench.ask(createTopicsCodec, 7, requestOf([topicOf('made')]));
    bench.tickAt(1_999);
    expect(bench.frames()).toEqual([]);
    bench.tickAt(2_000);
    expect(bench.answer(createTopicsCodec, 7).topics[0]?.errorCode).toBe(7);
    bench.view.creations[0]?.done(id);
    expect(bench.frames()).toHaveLength(1);
  });
});
