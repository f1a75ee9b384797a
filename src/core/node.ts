import { utf8Encode } from '../base/bytes.ts';
import type { LogId, Offset, Uuid } from '../base/brand.ts';
import { present } from '../base/assert.ts';
import { limits } from '../base/limits.ts';
import type { Random } from '../ports/random.ts';
import { encodeProducerIdBlock } from '../wire/state/state-codec.ts';
import { Boot, type TopicSeed } from './boot.ts';
import { Broker } from './broker.ts';
import {
  clusterKeys,
  ClusterState,
  clusterTopicName,
  sessionsTopicName,
} from './cluster/cluster-state.ts';
import { ClockWatch, type ClockView } from './clock-watch.ts';
import type { InternalTopic } from './cluster/internal-topic.ts';
import { openInternalTopic } from './cluster/open-internal-topic.ts';
import { ProducerIds } from './cluster/producer-ids.ts';
import { TopicCreation } from './cluster/topic-creation.ts';
import type { Effect, VoteRecord } from './effect.ts';
import type { Event, OpenLog } from './event.ts';
import { NodeForwarding } from './forward/node-forwarding.ts';
import { KafkaRouter, type KafkaCounters } from './kafka/router.ts';
import { Qos2Publishes } from './mqtt/qos2-publishes.ts';
import type { Now } from './now.ts';
import { Partition } from './partition.ts';
import { PartitionTable } from './partition-table.ts';
import { PendingReads } from './pending-reads.ts';
import { Batcher } from './produce/batcher.ts';
import { Ingest, type DiskState } from './produce/ingest.ts';
import { RouteTable, type RouteRule } from './produce/route-table.ts';
import type { ReplicaSettings } from './replica/replica-options.ts';
import { RetentionPlanner } from './retention-planner.ts';
import { RoomPlanner } from './room-planner.ts';
import { unasked } from './storage-orders.ts';

export interface NodeOptions {
  readonly nodeId: number;
  readonly clusterId: Uuid;
  readonly directoryId: Uuid;
  /** Starts of this data directory, this one included. */
  readonly startCounter: number;
  readonly isJournalDamaged: boolean;
  readonly advertisedHost: string;
  readonly advertisedPort: number;
  readonly segmentBytesMax: number;
  readonly batchBytesMax: number;
  readonly lingerMs: number;
  readonly ingestDeliveryTimeoutMs: number;
  readonly requestBytesMax: number;
  readonly autoCreateTopics: boolean;
  readonly topics: readonly TopicSeed[];
  readonly routes: readonly RouteRule[];
  /** Topics that a forward route names. */
  readonly forwardedTopics: readonly string[];
  /** `disk.whenFull: dropOldest`. */
  readonly dropsOldest: boolean;
  readonly random: Random;
}

/** Of a cluster of one: nobody is waited for. */
const replicaSettings: ReplicaSettings = {
  fetchTimeoutMs: 1_000,
  replicaLagTimeMaxMs: 1_000,
  minInsyncReplicas: () => 1,
};

/** What status and metrics read; snapshots of this turn. */
export interface NodeView {
  readonly isReady: boolean;
  readonly isHeld: boolean;
  readonly isDiskFull: boolean;
  readonly unroutedPublishes: number;
  /** Over the life of the directory: records that drops took before central had them. */
  readonly droppedRecords: number;
  /** Since the start: QoS 0 publishes that came while the disk was full. */
  readonly droppedQos0: number;
  readonly partitions: Iterable<Partition>;
  readonly kafka: KafkaCounters;
  readonly clock: ClockView;
}

/**
 * The node core: every decision of the node process, without a socket, a file or a clock. One
 * `step` runs to its end; what it wants done comes back as effects, what happened comes in as
 * events (DESIGN 3).
 */
export class Node {
  readonly #options: NodeOptions;
  readonly #partitions = new PartitionTable();
  readonly #cluster = new ClusterState();
  readonly #reads: PendingReads;
  readonly #batcher: Batcher;
  readonly #ingest: Ingest;
  readonly #qos2: Qos2Publishes;
  readonly #boot: Boot;
  readonly #router: KafkaRouter;
  readonly #broker: Broker;
  readonly #clock: ClockWatch;
  readonly #forwarding: NodeForwarding;
  readonly #retention: RetentionPlanner;
  readonly #room: RoomPlanner;
  #producerIds: ProducerIds | undefined;
  #effects: Effect[] = [];
  #votes: VoteRecord[] = [];
  #now: Now | undefined;
  #disk: DiskState = 'free';

  constructor(options: NodeOptions) {
    this.#options = options;
    const emit = (effect: Effect): void => void this.#effects.push(effect);
    const partitions = this.#partitions;
    const cluster = this.#cluster;
    this.#clock = new ClockWatch(emit);
    this.#reads = new PendingReads(emit);
    this.#batcher = new Batcher(options);
    const routes = new RouteTable(options.routes, (name) => cluster.topic(name)?.partitions);
    const batcher = this.#batcher;
    const find = (topic: string, index: number) => partitions.find(topic, index);
    this.#ingest = new Ingest({
      routes,
      batcher,
      partition: find,
      deliveryTimeoutMs: options.ingestDeliveryTimeoutMs,
      producedBytes: () => this.#broker.pendingBytes,
      emit,
    });
    const log = () => this.#boot.internal(clusterTopicName);
    this.#forwarding = new NodeForwarding({ ...options, cluster, partitions, log, emit });
    const { ledger, drops } = this.#forwarding;
    this.#retention = new RetentionPlanner({
      ...{ cluster, partitions, ledger, drops, emit },
      pinnedProducers: () => this.#qos2.sessions.pinnedProducers(),
    });
    const { dropsOldest } = options;
    this.#room = new RoomPlanner({ dropsOldest, cluster, partitions, ledger, drops, emit });
    this.#qos2 = new Qos2Publishes({
      batchBytesMax: options.batchBytesMax,
      ingest: this.#ingest,
      cluster,
      partitions,
      sessionsTopic: () => present(this.#boot.internal(sessionsTopicName), 'the node is ready'),
      allocateProducerId: () => this.#producerIds?.allocate(),
      now: () => this.#current(),
      emit,
    });
    this.#boot = this.#createBoot(emit);
    this.#broker = this.#createBroker();
    this.#router = new KafkaRouter(this.#broker, emit, options);
  }

  get view(): NodeView {
    return {
      isReady: this.#boot.isReady,
      isHeld: this.#ingest.isHeld,
      isDiskFull: this.#disk !== 'free',
      unroutedPublishes: this.#ingest.unroutedPublishes,
      droppedRecords: this.#cluster.droppedRecords,
      droppedQos0: this.#ingest.droppedQos0,
      partitions: this.#partitions,
      kafka: this.#router.counters,
      clock: this.#clock.view,
    };
  }

  /**
   * Runs one event to completion. The effects are the caller's; their order binds (DESIGN 3,
   * contract).
   */
  step(event: Event, now: Now): readonly Effect[] {
    this.#now = now;
    this.#handle(event, now);
    this.#orderVotes();
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** When `TimerFired` is wanted, on the monotonic clock; undefined: nothing waits for time. */
  nextDeadline(): number | undefined {
    const deadlines = [
      this.#router.nextDeadline(),
      this.#retention.nextDeadline(),
      this.#batcher.nextDeadline(),
    ].filter((deadline) => deadline !== undefined);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  /** Kafka's .snapshot of each log's producers, for a clean stop. */
  producerSnapshot(id: LogId): Uint8Array | undefined {
    return this.#partitions.byLog(id)?.producerSnapshot();
  }

  // A switch over all events reads best in one piece.
  #handle(event: Event, now: Now): void {
    switch (event.type) {
      case 'ViewLoaded':
        return this.#boot.viewLoaded(event.topic, event.nextOffset, event.entries);
      case 'NodeStarted':
        this.#forwarding.ledger.restore(event.forwardMarks, event.forwardAttempts);
        return this.#boot.started(event.logs, event.votes);
      case 'VotesPersisted':
        return this.#boot.votesPersisted(event.votes);
      case 'LogCreated':
        return this.#boot.logCreated(event.log);
      case 'BatchPersisted':
        return this.#partitions.byLog(event.logId)?.persisted(event.generation, event.endOffset);
      case 'LogStartAdvanced':
        return this.#logStartAdvanced(event.logId, event.offset);
      case 'RetentionProposed':
        return this.#withPartition(event.logId, (p) => this.#retention.proposed(p, event.offset));
      case 'LogRead':
        return this.#reads.wasRead(event.readId, event.generation, event.outcome);
      case 'OffsetFound':
        return this.#reads.wasFound(event.readId, event.generation, event.outcome);
      case 'DiskFilled':
        this.#diskBecame('full');
        return this.#room.filled(event.missingBytes, event.budgetBytes);
      case 'DiskStalled':
        return this.#diskBecame('stalled');
      case 'DiskFreed':
        return this.#diskBecame('free');
      case 'SegmentsListed':
        return this.#room.listed(event.lists);
      case 'KafkaConnectionOpened':
        return this.#router.opened(event.connection, now.monotonicMs);
      case 'KafkaBytesReceived':
        return this.#router.received(event.connection, event.chunk, now.monotonicMs);
      case 'KafkaBytesSent':
        return this.#router.sent(event.connection, event.bytes, now.monotonicMs);
      case 'ConnectionClosed':
        this.#router.closed(event.connection);
        this.#ingest.connectionClosed(event.connection);
        return this.#qos2.sessions.connectionClosed(event.connection);
      case 'PublishReceived':
        return this.#ingest.received(event.publish, now);
      case 'IdentifierReceived':
        return this.#qos2.received(event.publish);
      case 'IdentifierReleased':
        return this.#qos2.sessions.identifierReleased(event);
      case 'SessionOpened':
        return this.#qos2.sessions.sessionOpened(event);
      case 'RecordsCounted':
      case 'ForwardAsked':
      case 'ForwardAttemptStored':
      case 'ForwardProgressed':
      case 'ForwardDecided':
      case 'ForwardDecisionApplied':
        return this.#forwarding.heard(event);
      case 'TimerFired':
        this.#router.tick(now.monotonicMs);
        this.#ingest.giveUpLate(now);
        if (this.#clock.observe(now) > 0) this.#retention.clockJumped(now);
        return this.#retention.tick(now);
      case 'TurnEnded':
        this.#batcher.turnEnded(now);
        return this.#ingest.turnEnded();
      default:
        return unasked(event);
    }
  }

  #diskBecame(state: DiskState): void {
    this.#disk = state;
    this.#ingest.diskBecame(state);
  }

  #emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  #withPartition(id: LogId, use: (partition: Partition) => void): void {
    const partition = this.#partitions.byLog(id);
    if (partition !== undefined) use(partition);
  }

  #logStartAdvanced(id: LogId, to: Offset): void {
    this.#withPartition(id, (partition) => {
      partition.logStartAdvanced(to);
      this.#forwarding.drops.advanced(partition);
    });
  }

  #highWatermarkMoved(partition: Partition, now: Now): void {
    this.#router.highWatermarkMoved(partition.logId, now.monotonicMs);
    this.#boot.internal(partition.topic)?.highWatermarkMoved();
    this.#boot.committed(partition);
  }

  #openPartition(log: OpenLog): Partition {
    const { nodeId, directoryId, segmentBytesMax, random } = this.#options;
    const partition = new Partition(log.logId, log.recovered, {
      ...{ segmentBytesMax, random },
      self: { nodeId, directoryId },
      settings: replicaSettings,
      now: () => this.#current(),
      port: {
        emit: (effect) => this.#emit(effect),
        persistVote: (vote) => this.#votes.push(vote),
        heardAt: () => undefined,
        highWatermarkMoved: (moved) => this.#highWatermarkMoved(moved, this.#current()),
      },
    });
    this.#partitions.add(partition);
    return partition;
  }

  /** The votes of a step share an fsync (T3). */
  #orderVotes(): void {
    if (this.#votes.length === 0) return;
    this.#emit({ type: 'PersistVotes', votes: this.#votes });
    this.#votes = [];
  }

  /** The time of the step that is running. */
  #current(): Now {
    return present(this.#now, 'inside a step');
  }

  #ready(): void {
    this.#retention.start(this.#current());
    this.#emit({ type: 'BecomeReady' });
    this.#forwarding.drops.resume();
    this.#forwarding.describe();
  }

  #takeProducerIds(cluster: InternalTopic, taken: () => void): void {
    const first = this.#cluster.nextProducerId;
    // The block's own record is the first batch of this start, under the block's first id (P1, P4).
    // If it is lost nobody saw that id; if it is not, the next start begins behind the block.
    this.#batcher.producerId = BigInt(first);
    const ids = new ProducerIds(first, (from, done) => {
      const next = from + limits.producerIdBlockSize;
      const value = encodeProducerIdBlock({ nextProducerId: next });
      cluster.commit([{ key: utf8Encode(clusterKeys.producerIds), value }], () => {
        done();
        if (this.#producerIds !== undefined) return;
        this.#producerIds = ids;
        taken();
      });
    });
    ids.refill();
  }

  #createBroker(): Broker {
    return new Broker({
      ...this.#options,
      cluster: this.#cluster,
      partitions: this.#partitions,
      reads: this.#reads,
      producerIds: () => this.#producerIds,
      creation: this.#createTopicCreation(),
      isHeld: () => this.#ingest.isHeld,
    });
  }

  #createTopicCreation(): TopicCreation {
    return new TopicCreation({
      cluster: this.#cluster,
      random: this.#options.random,
      log: () => (this.#boot.isReady ? this.#boot.internal(clusterTopicName) : undefined),
      open: (topic, opened) =>
        this.#boot.openTopic(topic, () => {
          this.#forwarding.describe();
          opened();
        }),
    });
  }

  #createBoot(emit: (effect: Effect) => void): Boot {
    const { nodeId, directoryId, isJournalDamaged, topics: seeds, random } = this.#options;
    return new Boot({
      nodeId,
      directoryId,
      isJournalDamaged,
      seeds,
      random,
      emit,
      partitions: this.#partitions,
      cluster: this.#cluster,
      openPartition: (log) => this.#openPartition(log),
      openInternal: (partition) =>
        openInternalTopic(partition, {
          startCounter: this.#options.startCounter,
          cluster: this.#cluster,
          sessions: this.#qos2.sessions,
          batcher: this.#batcher,
          reads: this.#reads,
          now: () => this.#current(),
          emit,
        }),
      takeProducerIds: (cluster, taken) => this.#takeProducerIds(cluster, taken),
      ready: () => this.#ready(),
    });
  }
}
