import type { ErrorCode } from '../../../base/errors.ts';
import { errorRow, kafkaCodeOf } from '../../../base/errors.ts';
import { fail, ok, type Result } from '../../../base/result.ts';
import {
  describeConfigsCodec,
  type DescribeConfigsRequest,
  type DescribeConfigsRequestResource,
  type DescribeConfigsResponseConfig,
  type DescribeConfigsResponseResult,
} from '../../../wire/kafka/generated/32-describe-configs.ts';
import type { TopicView } from '../broker-view.ts';
import type { Handler, HandlerContext } from '../handler.ts';
import { handlerOf } from '../handler.ts';

/*
 * DescribeConfigs v1-4: of a topic what is true of its log, of this node a little. A config that is
 * not named has no meaning here. All are read-only: nothing is altered over this protocol. Of other
 * nodes and other kinds of resources nothing is said (42), nor of the same one twice.
 */
export const describeConfigsHandler: Handler = handlerOf(
  describeConfigsCodec,
  (request, { reply }, context) => {
    const seen = new Set<string>();
    const results = request.resources.map((resource) => {
      const key = `${resource.resourceType} ${resource.resourceName}`;
      const described = seen.has(key) ? fail(refusal('INVALID_REQUEST')) : look(resource, context);
      seen.add(key);
      return toResult(request, resource, described);
    });
    reply({ throttleTimeMs: 0, results });
  },
);

interface KnownConfig {
  readonly name: string;
  readonly value: string;
  readonly source: number;
  readonly type: number;
}

interface Refusal {
  readonly error: ErrorCode;
  readonly text: string;
}

/** Kafka's numbers: who decided a value. */
const sources = { topic: 1, node: 4, fixed: 5 } as const;
/** Kafka's numbers: what a value is. */
const types = { boolean: 1, text: 2, int: 3, long: 5, list: 7 } as const;
const resourceTypes = { topic: 2, broker: 4 } as const;

/** The same for every log here, whatever anybody says. */
const fixed: readonly KnownConfig[] = [
  config('compression.type', 'producer', 'fixed', 'text'),
  config('unclean.leader.election.enable', false, 'fixed', 'boolean'),
];

function look(
  { resourceType, resourceName }: DescribeConfigsRequestResource,
  context: HandlerContext,
): Result<readonly KnownConfig[], Refusal> {
  if (resourceType === resourceTypes.topic) {
    const topic = context.view.topic(resourceName);
    if (topic === undefined) return fail(refusal('UNKNOWN_TOPIC_OR_PARTITION'));
    return ok(topicConfigs(topic, context));
  }
  if (resourceType === resourceTypes.broker) {
    if (resourceName === '') return ok([]);
    if (resourceName === `${context.view.nodeId}`) return ok(nodeConfigs(context));
  }
  const text = 'Only topics and the node that is asked are described.';
  return fail(refusal('INVALID_REQUEST', text));
}

function topicConfigs(
  topic: TopicView,
  { view, batchBytesMax }: HandlerContext,
): readonly KnownConfig[] {
  const { retentionMs, retentionBytes, minInsyncReplicas } = view.topicSettings(topic);
  const kept = topic.internal
    ? [config('cleanup.policy', 'compact', 'topic', 'list')]
    : [
        config('cleanup.policy', 'delete', 'fixed', 'list'),
        config('retention.ms', retentionMs, 'topic', 'long'),
        config('retention.bytes', retentionBytes, 'topic', 'long'),
      ];
  return [
    ...kept,
    config('min.insync.replicas', minInsyncReplicas, 'topic', 'int'),
    config('max.message.bytes', batchBytesMax, 'node', 'int'),
    config('segment.bytes', view.segmentBytesMax, 'node', 'int'),
    config('message.timestamp.type', 'CreateTime', 'fixed', 'text'),
    ...fixed,
  ];
}

function nodeConfigs({
  view,
  batchBytesMax,
  autoCreateTopics,
}: HandlerContext): readonly KnownConfig[] {
  return [
    config('broker.id', view.nodeId, 'node', 'int'),
    config('message.max.bytes', batchBytesMax, 'node', 'int'),
    config('log.segment.bytes', view.segmentBytesMax, 'node', 'int'),
    config('auto.create.topics.enable', autoCreateTopics, 'node', 'boolean'),
    ...fixed,
  ];
}

function config(
  name: string,
  value: string | number | boolean,
  source: keyof typeof sources,
  type: keyof typeof types,
): KnownConfig {
  return { name, value: `${value}`, source: sources[source], type: types[type] };
}

const refusal = (error: ErrorCode, text: string = errorRow(error).text): Refusal => ({
  error,
  text,
});

function toResult(
  { includeSynonyms }: DescribeConfigsRequest,
  { resourceType, resourceName, configurationKeys: keys }: DescribeConfigsRequestResource,
  described: Result<readonly KnownConfig[], Refusal>,
): DescribeConfigsResponseResult {
  if (!described.ok) {
    const { error, text } = described.error;
    const errorCode = kafkaCodeOf(error);
    return { errorCode, errorMessage: text, resourceType, resourceName, configs: [] };
  }
  const isWanted = ({ name }: KnownConfig): boolean =>
    keys === null || keys.length === 0 || keys.includes(name);
  const configs = described.value.filter(isWanted).map((one) => toConfig(one, includeSynonyms));
  return { errorCode: 0, errorMessage: null, resourceType, resourceName, configs };
}

function toConfig(
  { name, value, source, type }: KnownConfig,
  hasSynonyms: boolean,
): DescribeConfigsResponseConfig {
  return {
    ...{ name, value, readOnly: true, configSource: source, configType: type },
    isSensitive: false,
    synonyms: hasSynonyms ? [{ name, value, source }] : [],
    documentation: null,
  };
}
