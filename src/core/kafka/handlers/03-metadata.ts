import type { ErrorCode } from '../../../base/errors.ts';
import { kafkaCodeOf } from '../../../base/errors.ts';
import { isLegalTopicName } from '../../../base/topic-name.ts';
import type { Uuid } from '../../../base/brand.ts';
import type {
  MetadataRequest,
  MetadataRequestTopic,
  MetadataResponsePartition,
  MetadataResponseTopic,
} from '../../../wire/kafka/generated/03-metadata.ts';
import { metadataCodec } from '../../../wire/kafka/generated/03-metadata.ts';
import { zeroUuid } from '../../../wire/kafka/protocol-reader.ts';
import { newTopicDefaults, type BrokerView, type TopicView } from '../broker-view.ts';
import type { Handler } from '../handler.ts';
import { handlerOf } from '../handler.ts';

/** "We did not compute the authorized operations." */
const operationsUnknown = -2147483648;

/*
 * Metadata v0-12. A topic is created on the way only if config and request want it. The leader of
 * `__cluster` is the controller; internal topics are listed, marked as such.
 */
export const metadataHandler: Handler = handlerOf(
  metadataCodec,
  (request, { version, reply }, { view, autoCreateTopics }) => {
    const { clusterId, controllerId, brokers } = view;
    const mayCreate = autoCreateTopics && request.allowAutoTopicCreation;
    reply({
      throttleTimeMs: 0,
      brokers: brokers.map((broker) => ({ ...broker, rack: null })),
      clusterId,
      controllerId,
      topics: isForAll(request, version)
        ? [...view.topics()].map((topic) => describe(view, topic))
        : distinct(request.topics ?? []).map((asked) =>
            lookUp(view, asked, { mayCreate, version }),
          ),
      clusterAuthorizedOperations: operationsUnknown,
    });
  },
);

/** In version 0 an empty list means all, later null does. */
const isForAll = ({ topics }: MetadataRequest, version: number): boolean =>
  topics === null || (version === 0 && topics.length === 0);

/** A topic named half a million times is still answered once. */
const distinct = (asked: readonly MetadataRequestTopic[]): readonly MetadataRequestTopic[] => [
  ...new Map(asked.map((topic) => [topic.name ?? `/${topic.topicId}`, topic])).values(),
];

/** An unknown id has no name: null, which versions 10 and 11 can ask with but not answer with. */
function lookUp(
  view: BrokerView,
  { name, topicId }: MetadataRequestTopic,
  { mayCreate, version }: { readonly mayCreate: boolean; readonly version: number },
): MetadataResponseTopic {
  if (name === null) {
    const byId = view.topicById(topicId);
    if (byId !== undefined) return describe(view, byId);
    return unknown(version < 12 ? '' : null, topicId, 'UNKNOWN_TOPIC_ID');
  }
  const topic = view.topic(name);
  if (topic !== undefined) return describe(view, topic);
  if (!isLegalTopicName(name)) return unknown(name, zeroUuid, 'INVALID_TOPIC');
  const isComing = mayCreate && create(view, name);
  return unknown(name, zeroUuid, isComing ? 'LEADER_NOT_AVAILABLE' : 'UNKNOWN_TOPIC_OR_PARTITION');
}

/** @returns whether the topic is on its way: the client asks again until it is there. */
function create(view: BrokerView, name: string): boolean {
  const topic = { ...newTopicDefaults, name };
  const refusal = view.topicRefusal(topic);
  if (refusal === undefined) view.createTopic(topic, () => undefined);
  return refusal === undefined || refusal.error === 'TOPIC_ALREADY_EXISTS';
}

function describe(view: BrokerView, topic: TopicView): MetadataResponseTopic {
  const partitions = Array.from({ length: topic.partitions }, (_, index) =>
    describePartition(view, topic.name, index),
  );
  return {
    errorCode: 0,
    name: topic.name,
    topicId: topic.topicId,
    isInternal: topic.internal,
    partitions,
    topicAuthorizedOperations: operationsUnknown,
  };
}

function describePartition(
  view: BrokerView,
  topic: string,
  partitionIndex: number,
): MetadataResponsePartition {
  const log = view.place(topic, partitionIndex);
  const leaderId = log?.leaderId;
  const isLed = leaderId !== undefined;
  return {
    errorCode: isLed ? 0 : kafkaCodeOf('LEADER_NOT_AVAILABLE'),
    partitionIndex,
    leaderId: isLed ? leaderId : -1,
    leaderEpoch: log?.leaderEpoch ?? -1,
    replicaNodes: log?.replicaIds ?? [],
    isrNodes: isLed ? (log?.inSyncIds ?? []) : [],
    offlineReplicas: [],
  };
}

function unknown(name: string | null, topicId: Uuid, error: ErrorCode): MetadataResponseTopic {
  return {
    errorCode: kafkaCodeOf(error),
    name,
    topicId,
    isInternal: false,
    partitions: [],
    topicAuthorizedOperations: operationsUnknown,
  };
}
