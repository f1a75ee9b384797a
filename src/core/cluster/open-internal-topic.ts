import { assert } from '../../base/assert.ts';
import type { Offset } from '../../base/brand.ts';
import { noRecordHeaders } from '../../wire/kafka/record-headers.ts';
import type { Effect } from '../effect.ts';
import { reduceDropChange } from '../forward/reduce-drop-change.ts';
import type { Qos2Sessions } from '../mqtt/qos2-sessions.ts';
import { reduceSessionChange } from '../mqtt/reduce-session-change.ts';
import type { Now } from '../now.ts';
import type { Partition } from '../partition.ts';
import type { PendingReads } from '../pending-reads.ts';
import type { Batcher } from '../produce/batcher.ts';
import type { ProduceQueues } from '../produce/produce-queues.ts';
import { appendOutcome, type RecordWaiter } from '../produce/record-waiter.ts';
import { type ClusterState, clusterTopicName } from './cluster-state.ts';
import { InternalTopic } from './internal-topic.ts';

/** Bytes of one read while a state is replayed. */
const replayReadBytes = 1024 * 1024;
/**
 * Where records of id blocks may be lost, a start begins at so many times its number: no start
 * before it can have come there (P4). Eight million starts fit into the ids that a number holds.
 */
const producerIdsPerStart = 2 ** 30;

/** The state that internal topics feed, and the machinery that they run on. */
export interface InternalTopicWorld {
  /** Starts of this data directory, this one included. */
  readonly startCounter: number;
  readonly cluster: ClusterState;
  readonly sessions: Qos2Sessions;
  readonly batcher: Batcher;
  readonly queues: ProduceQueues;
  /** The record of a topic was applied. */
  readonly topicChanged: (name: string) => void;
  /** A record about forwarding was applied. */
  readonly stateChanged: () => void;
  /** It was recorded that a log goes on alone (V5). */
  readonly promoted: () => void;
  /** A node joined, or has another disk. */
  readonly membersChanged: () => void;
  readonly reads: PendingReads;
  readonly now: () => Now;
  readonly emit: (effect: Effect) => void;
}

/** `__cluster` or `__mqtt_sessions` on its partition, with the state that its records feed. */
export function openInternalTopic(partition: Partition, world: InternalTopicWorld): InternalTopic {
  const { cluster, sessions, batcher, reads, emit } = world;
  const { topic } = partition;
  const queue = world.queues.ingest(partition);
  const isCluster = topic === clusterTopicName;
  return new InternalTopic({
    partition,
    reduce: isCluster ? reduceDropChange : reduceSessionChange,
    apply: (key, value) => {
      const isKnown = isCluster ? cluster.apply(key, value) : sessions.apply(key, value);
      if (!isKnown) emit(unknownRecord(topic, key));
      if (!isCluster) return;
      if (key.startsWith('topic/')) world.topicChanged(key.slice('topic/'.length));
      if (key.startsWith('forward/') || key.startsWith('drop/')) world.stateChanged();
      if (key.startsWith('node/')) world.membersChanged();
      if (key.startsWith('promoted/')) world.promoted();
    },
    append: ({ key, value }, settled) => {
      const now = world.now();
      const record = { timestamp: now.wallMs, key, value, headers: noRecordHeaders };
      const waiter: RecordWaiter = {
        settled: (outcome, index) => settled(appendOutcome(outcome, index)),
      };
      const error = batcher.append(queue, record, waiter, now);
      assert(error === undefined, 'records of internal topics are small');
    },
    flush: () => batcher.flush(queue),
    read: (from, to, done) => {
      // What came before the replay began is at hand nowhere else.
      const range = { from, to, bytesMax: replayReadBytes, waitsForRoom: true };
      reads.read(partition, range, done);
    },
    emit,
    // V4: a cluster of one goes on with what is left.
    holeFound: (from, to) => {
      emit(lostRecords(topic, from, to));
      if (isCluster) cluster.skipProducerIds(world.startCounter * producerIdsPerStart);
    },
    // Of sessions nothing: an identifier whose removal was lost would answer for another reading,
    // and that one would never be stored. At worst one is stored twice. A decision whose end was
    // lost would be carried out again (X1).
    survivesHole: (key) => isCluster && !key.startsWith('forward/'),
  });
}

const lostRecords = (topic: string, from: Offset, to: Offset): Effect => ({
  type: 'Print',
  level: 'error',
  text: `Records of ${topic} are lost; the node goes on with the rest.`,
  fields: { from, to },
});

const unknownRecord = (topic: string, key: string): Effect => ({
  type: 'Print',
  level: 'warn',
  text: `A record of ${topic} is not understood: a newer version wrote it?`,
  fields: { key },
});
