import { describe, expect, it } from 'vitest';
import {
  describeConfigsCodec,
  type DescribeConfigsRequest,
  type DescribeConfigsResponseResult,
} from '../../../../../src/wire/kafka/generated/32-describe-configs.ts';
import { RouterBench } from '../router-bench.ts';

const [topicType, brokerType, otherType] = [2, 4, 8];

type Named = readonly [type: number, name: string, keys?: readonly string[]];

function ask(
  resources: readonly Named[],
  { version = 4, ...more }: Partial<DescribeConfigsRequest> & { version?: number } = {},
): readonly DescribeConfigsResponseResult[] {
  const bench = new RouterBench();
  bench.view.addTopic('sensors', 3);
  bench.view.addTopic('__mqtt_sessions', 1);
  bench.view.settings = { retentionMs: 5_000, retentionBytes: -1, minInsyncReplicas: 2 };
  return bench.call(describeConfigsCodec, version, {
    resources: resources.map(([resourceType, resourceName, keys]) => ({
      ...{ resourceType, resourceName, configurationKeys: keys ?? null },
    })),
    ...{ includeSynonyms: false, includeDocumentation: false, ...more },
  }).results;
}

const values = (result: DescribeConfigsResponseResult | undefined) =>
  Object.fromEntries((result?.configs ?? []).map(({ name, value }) => [name, value]));

describe('DescribeConfigs', () => {
  it.each([1, 2, 3, 4])('v%i says of a topic what is true of its log', (version) => {
    const [result] = ask([[topicType, 'sensors']], { version });
    expect(result).toMatchObject({ errorCode: 0, resourceType: 2, resourceName: 'sensors' });
    expect(values(result)).toEqual({
      'cleanup.policy': 'delete',
      'retention.ms': '5000',
      'retention.bytes': '-1',
      'min.insync.replicas': '2',
      'max.message.bytes': '10000',
      'segment.bytes': '4096',
      'compression.type': 'producer',
      'message.timestamp.type': 'CreateTime',
      'unclean.leader.election.enable': 'false',
    });
    expect(result?.configs.every(({ readOnly }) => readOnly)).toBe(true);
  });

  it('tells what the topic says itself from what its node does, and the types of values', () => {
    const [result] = ask([[topicType, 'sensors']]);
    const told = (result?.configs ?? []).map((one) => [one.name, one.configSource, one.configType]);
    expect(told).toContainEqual(['retention.ms', 1, 5]);
    expect(told).toContainEqual(['segment.bytes', 4, 3]);
    expect(told).toContainEqual(['cleanup.policy', 5, 7]);
  });

  it('says that an internal topic is compacted, and nothing of its retention', () => {
    const [result] = ask([[topicType, '__mqtt_sessions']]);
    expect(values(result)).toMatchObject({ 'cleanup.policy': 'compact' });
    expect(values(result)).not.toHaveProperty(['retention.ms']);
  });

  it('says what was asked for alone, all of it without names', () => {
    const keys = ['segment.bytes', 'flush.ms'];
    const [some, all] = ask([
      [topicType, 'sensors', keys],
      [topicType, '__mqtt_sessions', []],
    ]);
    expect(values(some)).toEqual({ 'segment.bytes': '4096' });
    expect(all?.configs.length).toBeGreaterThan(5);
  });

  it('names where a value comes from where that is asked for', () => {
    const wanted: Named = [topicType, 'sensors', ['retention.ms']];
    const [with_] = ask([wanted], { includeSynonyms: true });
    const synonyms = [{ name: 'retention.ms', value: '5000', source: 1 }];
    expect(with_?.configs).toMatchObject([{ synonyms }]);
    expect(ask([wanted])[0]?.configs).toMatchObject([{ synonyms: [] }]);
  });

  it('says of this node what its config says, and that there is none for all of them', () => {
    const [own, all] = ask([
      [brokerType, '1'],
      [brokerType, ''],
    ]);
    expect(values(own)).toMatchObject({
      'broker.id': '1',
      'message.max.bytes': '10000',
      'log.segment.bytes': '4096',
      'auto.create.topics.enable': 'false',
    });
    expect(all).toMatchObject({ errorCode: 0, configs: [] });
  });

  it('refuses what it does not have, each for itself', () => {
    const results = ask([
      [topicType, 'nowhere'],
      [brokerType, '2'],
      [brokerType, 'x'],
      [otherType, '1'],
      [topicType, 'sensors'],
      [topicType, 'sensors'],
    ]);
    expect(results.map(({ errorCode }) => errorCode)).toEqual([3, 42, 42, 42, 0, 42]);
    expect(results[3]?.errorMessage).toBe('Only topics and the node that is asked are described.');
  });
});
