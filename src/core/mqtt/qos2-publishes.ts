import type { Uuid } from '../../base/brand.ts';
import { utf8Encode } from '../../base/bytes.ts';
import { Numbered } from '../../base/numbered.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { InternalTopic } from '../cluster/internal-topic.ts';
import type { Effect } from '../effect.ts';
import type { Publish } from '../event.ts';
import type { Now } from '../now.ts';
import type { Ingest } from '../produce/ingest.ts';
import type { ProduceQueues } from '../produce/produce-queues.ts';
import type { PendingPublish } from '../produce/publish-order.ts';
import type { NoPlace } from '../produce/route-table.ts';
import type { TripleTarget } from './triple-target.ts';
import { Qos2Sessions } from './qos2-sessions.ts';
import type { SharingOptions, TripleOutcome } from './qos2-options.ts';

export interface Qos2PublishesOptions {
  readonly batchBytesMax: number;
  readonly ingest: Ingest;
  readonly cluster: ClusterState;
  readonly queues: ProduceQueues;
  /** `__mqtt_sessions`, replayed. */
  readonly sessionsTopic: () => InternalTopic;
  readonly allocateProducerId: () => bigint | undefined;
  /** The time of the step that is running. */
  readonly now: () => Now;
  readonly emit: (effect: Effect) => void;
  /** Undefined: a cluster of one. */
  readonly sharing: Pick<SharingOptions, 'nodeId' | 'startCounter' | 'openMsMax'> | undefined;
}

/**
 * Ties the sessions of P5 to the node: where their records go, and the order in which PUBRECs
 * leave.
 */
export class Qos2Publishes {
  readonly sessions: Qos2Sessions;
  readonly #options: Qos2PublishesOptions;
  /** Publishes between arrival and release, in their connection's order. */
  readonly #pending = new Numbered<PendingPublish>();

  constructor(options: Qos2PublishesOptions) {
    this.#options = options;
    this.sessions = new Qos2Sessions({
      log: { commit: (changes, done) => options.sessionsTopic().commit(changes, done) },
      producer: { produce: (target, publish, done) => this.#produce(target, publish, done) },
      allocateProducerId: options.allocateProducerId,
      locate: (publish) => this.#locate(publish),
      release: (publishId) => this.#release(publishId),
      unrouted: (publishId) => {
        const pending = this.#pending.take(publishId);
        if (pending !== undefined) options.ingest.unrouted(pending);
      },
      reject: (publishId, closeConnection, reason) => {
        this.#pending.take(publishId);
        options.emit({ type: 'RejectPublish', publishId, closeConnection, reason });
      },
      sessionAnswered: (requestId, openIdentifiers, isResumed) =>
        options.emit({ type: 'OpenSessionAnswered', requestId, openIdentifiers, isResumed }),
      sharing: options.sharing && {
        ...options.sharing,
        now: () => options.now().monotonicMs,
        closeConnection: (connection, clientId, reason) =>
          options.emit({ type: 'CloseSession', connection, clientId, reason }),
      },
    });
  }

  /**
   * One that no batch can hold is refused before its identifier is stored: it would stay open for
   * ever.
   */
  received(publish: Publish): void {
    const { ingest, batchBytesMax, now } = this.#options;
    const pending = ingest.enter(publish, now());
    if (!ingest.fits(publish, batchBytesMax)) return pending.refused('RECORD_TOO_LARGE');
    this.#pending.set(publish.publishId, pending);
    this.sessions.identifierReceived(publish);
  }

  #locate(publish: Publish): { topicId: Uuid; partition: number } | NoPlace {
    const target = this.#options.ingest.locate(publish);
    if (typeof target === 'string') return target;
    const topic = this.#options.cluster.topic(target.topic);
    if (topic === undefined) return 'topicMissing';
    return { topicId: topic.topicId as Uuid, partition: target.partition };
  }

  /** P5 (2): the record with exactly the triple that commit (1) named. */
  #produce(target: TripleTarget, publish: Publish, done: (outcome: TripleOutcome) => void): void {
    const { cluster, queues, ingest, now } = this.#options;
    const topic = cluster.topicById(target.topicId)?.name;
    if (topic === undefined) return done({ error: 'LEADER_NOT_AVAILABLE' });
    const routed = ingest.locate(publish);
    const key = typeof routed === 'string' ? utf8Encode(publish.mqttTopic) : routed.key;
    const batch = ingest.buildBatch(publish, key, target, now());
    const place = { topic, topicId: target.topicId, partition: target.partition };
    const from = { clientId: publish.clientId, triple: target };
    queues.produceOfSession(place, from, batch, (outcome) =>
      done(outcome.ok ? 'committed' : outcome),
    );
  }

  /** PUBREC keeps its place in the connection's order; PUBCOMP has none. */
  #release(publishId: number): void {
    const pending = this.#pending.take(publishId);
    if (pending !== undefined) pending.committed();
    else this.#options.emit({ type: 'ReleasePublishes', publishIds: [publishId] });
  }
}
