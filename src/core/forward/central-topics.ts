import { utf8Encode, utf8Length } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { partitionOf } from '../../base/murmur2.ts';
import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { apis } from '../../client/kafka/api.ts';
import type { ForwardContext } from './context.ts';
import type { Procedure } from './procedure.ts';
import { wait } from './procedure.ts';
import type { Trouble } from './trouble.ts';
import { blocked, noAnswer, troubleOf, waiting } from './trouble.ts';

/** A partition at central. */
export interface CentralPartition {
  readonly topic: string;
  readonly partition: number;
  /**
   * Asked and written to until the next taking over, whatever becomes known meanwhile: a leader
   * that was deposed without knowing it may show an old cursor, but a claim written to it fails.
   */
  readonly leaderId: number;
}

/** Where one edge partition's records and its cursor go. */
export interface CentralPlaces {
  readonly clusterId: string;
  readonly data: CentralPartition;
  readonly cursor: CentralPartition;
}

export interface PlaceWanted {
  readonly topic: string;
  readonly edgePartition: number;
  readonly edgePartitions: number;
  readonly cursorKey: string;
}

const cursorPartitions = 12;
const topicExists = 36;
const unknownTopic = 3;

/**
 * Kafka never compacts an active segment, so segments of a cursor topic are small and short-lived.
 */
const cursorConfigs = [
  // A broker's own compression.type may name a codec that is not read here.
  { name: 'compression.type', value: 'uncompressed' },
  { name: 'cleanup.policy', value: 'compact' },
  { name: 'segment.ms', value: '3600000' },
  { name: 'segment.bytes', value: '16777216' },
  { name: 'min.cleanable.dirty.ratio', value: '0.1' },
];

/** Asks central for both topics, creates them where that is allowed, and picks the partitions. */
export function* findPlaces(
  context: ForwardContext,
  wanted: PlaceWanted,
): Procedure<Result<CentralPlaces, Trouble>> {
  const { central, settings } = context;
  const topics = [wanted.topic, settings.cursorTopic];
  const asked = yield* wait(central.refresh(topics));
  if (!asked.ok) return fail(noAnswer(asked.error, 'central'));
  for (const topic of topics) {
    const trouble = topicTrouble(context, topic);
    if (trouble === undefined) continue;
    const isMissing = central.metadata.topics.get(topic)?.errorCode === unknownTopic;
    if (!isMissing || !settings.createTopics) return fail(trouble);
    const isCursor = topic === settings.cursorTopic;
    const partitions = isCursor ? cursorPartitions : wanted.edgePartitions;
    const failed = yield* create(context, topic, partitions, isCursor ? cursorConfigs : []);
    return fail(failed ?? waiting(`topic ${topic} was just created at central`));
  }
  const clusterId = central.metadata.clusterId;
  if (clusterId === undefined) return fail(blocked('central does not tell its cluster id'));
  if (utf8Length(clusterId) > limits.centralClusterIdBytesMax) {
    const text = `the cluster id of central has more than ${limits.centralClusterIdBytesMax} bytes`;
    return fail(blocked(text));
  }
  const key = utf8Encode(wanted.cursorKey);
  const dataPartition = wanted.edgePartition % central.metadata.partitionsOf(wanted.topic);
  const data = placeOf(context, wanted.topic, dataPartition);
  if (!data.ok) return data;
  const cursorCount = central.metadata.partitionsOf(settings.cursorTopic);
  const cursor = placeOf(context, settings.cursorTopic, partitionOf(key, cursorCount));
  return cursor.ok ? ok({ clusterId, data: data.value, cursor: cursor.value }) : cursor;
}

function placeOf(
  { central }: ForwardContext,
  topic: string,
  partition: number,
): Result<CentralPartition, Trouble> {
  const leaderId = central.metadata.leaderOf(topic, partition);
  if (leaderId === undefined) {
    return fail(waiting(`central, topic ${topic}/${partition} has no leader`));
  }
  return ok({ topic, partition, leaderId });
}

function topicTrouble({ central, settings }: ForwardContext, topic: string): Trouble | undefined {
  const known = central.metadata.topics.get(topic);
  if (known === undefined) return waiting(`central said nothing about topic ${topic}`);
  if (known.errorCode === unknownTopic) {
    const hint = settings.createTopics ? '' : '; create it there, or set forward.createTopics';
    return blocked(`topic ${topic} is missing at central${hint}`);
  }
  if (known.errorCode !== 0) return troubleOf(known.errorCode, `central, topic ${topic}`);
  return known.partitions.size === 0 ? waiting(`topic ${topic} has no partitions yet`) : undefined;
}

/** Asks the controller; a topic that somebody else made meanwhile is as good. */
function* create(
  { central }: ForwardContext,
  name: string,
  numPartitions: number,
  configs: readonly { readonly name: string; readonly value: string }[],
): Procedure<Trouble | undefined> {
  const topic = { name, numPartitions, replicationFactor: -1, assignments: [], configs };
  const body = { topics: [topic], timeoutMs: 10_000, validateOnly: false };
  const target = central.metadata.controllerId;
  const answer = yield* wait(
    central.call(target < 0 ? {} : { nodeId: target }, apis.createTopics, body),
  );
  if (!answer.ok) return noAnswer(answer.error, `central, creating topic ${name}`);
  const code = answer.value.topics[0]?.errorCode ?? -1;
  if (code === 0 || code === topicExists) return undefined;
  return troubleOf(code, `central, creating topic ${name}`);
}
