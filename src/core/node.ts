import { monotonicMs, type ConnectionId, type LogId, type Offset } from '../base/brand.ts';
import { present, unreachable } from '../base/assert.ts';
import type { LedStatus } from './cluster-status.ts';
import type { AdminAnswer, Effect } from './effect.ts';
import type { Event } from './event.ts';
import { leaveToHeirs } from './leave-to-heirs.ts';
import type { NodeOptions, NodeView } from './node-options.ts';
import { NodeParts } from './node-parts.ts';
import type { Now } from './now.ts';
import type { Partition } from './partition.ts';
import type { PeerEvent } from './peer/peer-transport.ts';
import { type DiskState } from './produce/ingest.ts';
import type { StorageEvent } from './storage-orders.ts';

/**
 * The node core: every decision of the node process, without a socket, a file or a clock. One
 * `step` runs to its end; what it wants done comes back as effects, what happened comes in as
 * events (DESIGN 3).
 */
export class Node {
  readonly #parts: NodeParts;
  #effects: Effect[] = [];
  #now: Now | undefined;
  #disk: DiskState = 'free';

  constructor(options: NodeOptions) {
    this.#parts = new NodeParts(options, {
      emit: (effect) => void this.#effects.push(effect),
      now: () => present(this.#now, 'inside a step'),
    });
  }

  get view(): NodeView {
    const nowMs = this.#now?.monotonicMs ?? monotonicMs(0);
    return {
      nowMs,
      isReady: this.#parts.boot.isReady,
      isHeld: this.#parts.ingest.isHeld,
      isDiskFull: this.#disk !== 'free',
      unroutedPublishes: this.#parts.ingest.unroutedPublishes,
      droppedRecords: this.#parts.cluster.droppedRecords,
      droppedQos0: this.#parts.ingest.droppedQos0,
      topics: this.#parts.cluster.topics(),
      partitions: this.#parts.partitions,
      witnesses: this.#parts.witnesses.table,
      kafka: this.#parts.router.counters,
      clock: { ...this.#parts.clock.view, apartMs: this.#parts.apartMs() },
      cluster: this.#parts.membership?.report,
      isStranded: this.#parts.leaderless.isStranded(nowMs),
      replication: this.#parts.news.counts,
    };
  }

  /**
   * Runs one event to completion. The effects are the caller's; their order binds (DESIGN 3,
   * contract).
   */
  step(event: Event, now: Now): readonly Effect[] {
    this.#now = now;
    this.#handle(event, now);
    this.#parts.factory.stepEnded();
    this.#parts.forwarding.describeChanged();
    const effects = this.#effects;
    if (effects.length === 0) return noEffects;
    this.#effects = [];
    return effects;
  }

  /** When `TimerFired` is wanted, on the monotonic clock; undefined: nothing waits for time. */
  nextDeadline(): number | undefined {
    const deadlines = [
      this.#parts.router.nextDeadline(),
      this.#parts.retention.nextDeadline(),
      this.#parts.batcher.nextDeadline(),
      this.#parts.queues.nextDeadline(),
      this.#parts.qos2.sessions.nextDeadline(),
      this.#parts.upkeep.nextDeadline(),
      this.#parts.membership?.nextDeadline(),
      this.#parts.forwarding.nextDeadline(),
      this.#parts.partitions.nextDeadline(),
      this.#parts.transfers.nextDeadline(),
      this.#parts.handOver.nextDeadline(),
    ].filter((deadline) => deadline !== undefined);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  /** Kafka's .snapshot of each log's producers, for a clean stop. */
  producerSnapshot(id: LogId): Uint8Array | undefined {
    return this.#parts.partitions.byLog(id)?.producerSnapshot();
  }

  // A switch over all events reads best in one piece.
  #handle(event: Event, now: Now): void {
    switch (event.type) {
      case 'ViewLoaded':
        return this.#parts.boot.viewLoaded(event.topic, event.nextOffset, event.entries);
      case 'NodeStarted':
        return this.#started(event, now);
      case 'StopRequested':
        return this.#parts.handOver.begin();
      case 'VotesPersisted':
      case 'LogCreated':
      case 'VotersStored':
      case 'LogTruncated':
      case 'LogReset':
      case 'LogRepaired':
      case 'RotFound':
      case 'WitnessStored':
      case 'PeerStartNoted':
      case 'GivingUpStored':
      case 'ClusterAdopted':
        return this.#stored(event);
      case 'BatchPersisted':
        return this.#parts.partitions
          .byLog(event.logId)
          ?.persisted(event.generation, event.endOffset);
      case 'LogStartAdvanced':
        return this.#logStartAdvanced(event.logId, event.offset);
      case 'RetentionProposed':
        return this.#retentionProposed(event.logId, event.offset);
      case 'LogRead':
      case 'OffsetFound':
        return this.#read(event);
      case 'DiskFilled':
      case 'DiskStalled':
      case 'DiskFreed':
      case 'SegmentsListed':
        return this.#room(event);
      case 'KafkaConnectionOpened':
      case 'KafkaBytesReceived':
      case 'KafkaBytesSent':
        return this.#client(event, now);
      case 'ConnectionClosed':
        return this.#connectionClosed(event.connection, now);
      case 'PublishReceived':
        return this.#parts.ingest.received(event.publish, now);
      case 'IdentifierReceived':
        return this.#parts.qos2.received(event.publish);
      case 'IdentifierReleased':
        return this.#parts.qos2.sessions.identifierReleased(event);
      case 'SessionOpened':
        return this.#parts.qos2.sessions.sessionOpened(event);
      case 'RecordsCounted':
      case 'ForwardAsked':
      case 'ForwardAttemptStored':
      case 'ForwardProgressed':
      case 'ForwardDecided':
      case 'ForwardDecisionApplied':
        return this.#parts.forwarding.heard(event);
      case 'ClusterAsked':
      case 'OperatorAsked':
        return this.#clusterAsked(event);
      case 'TimerFired':
        return this.#tick(now);
      case 'TurnEnded':
        return this.#turnEnded(now);
      default:
        return this.#parts.membership?.peers.handle(event satisfies PeerEvent, now);
    }
  }

  #turnEnded(now: Now): void {
    this.#parts.batcher.turnEnded(now);
    this.#parts.ingest.turnEnded();
    this.#parts.handOver.turnEnded();
    this.#parts.transfers.turnEnded();
    this.#parts.membership?.peers.turnEnded(now);
  }

  /** What was ordered is durable. */
  #stored(event: DurableEvent): void {
    switch (event.type) {
      case 'VotesPersisted':
        return this.#parts.local.votesPersisted(event.votes);
      case 'LogCreated':
        return this.#parts.local.logCreated(event.log);
      case 'RotFound':
        return this.#withPartition(event.logId, (p) => p.rotFound(event.generation, event.ranges));
      case 'VotersStored':
        return this.#parts.local.votersStored(event.topicId, event.partition);
      case 'LogTruncated':
      case 'LogReset':
      case 'LogRepaired':
        if (event.type === 'LogReset' && this.#parts.local.wasReset(event)) return undefined;
        return this.#withPartition(event.logId, (p) => p.wasCut(event.generation, event.recovered));
      case 'ClusterAdopted':
        return this.#parts.membership?.adopted(event.clusterId, event.clusterTopicId);
      case 'GivingUpStored':
        return this.#parts.membership?.givingUpStored(event.disks);
      case 'WitnessStored':
        return this.#parts.witnesses.stored(event);
      case 'PeerStartNoted':
        return undefined;
      default:
        return unreachable(event);
    }
  }

  #started(event: Extract<Event, { type: 'NodeStarted' }>, now: Now): void {
    const { forwarding, local, boot, membership } = this.#parts;
    forwarding.ledger.restore(event.forwardMarks, event.forwardAttempts);
    local.found(event.logs, event.votes);
    boot.started();
    membership?.start(now);
  }

  #read(event: Extract<Event, { type: 'LogRead' | 'OffsetFound' }>): void {
    const { reads } = this.#parts;
    const { readId, generation } = event;
    if (event.type === 'LogRead') reads.wasRead(readId, generation, event.outcome);
    else reads.wasFound(readId, generation, event.outcome);
  }

  #client(event: ClientEvent, { monotonicMs: nowMs }: Now): void {
    const { router } = this.#parts;
    switch (event.type) {
      case 'KafkaConnectionOpened':
        return router.opened(event.connection, nowMs);
      case 'KafkaBytesReceived':
        return router.received(event.connection, event.chunk, nowMs);
      case 'KafkaBytesSent':
        return router.sent(event.connection, event.bytes, nowMs);
    }
  }

  #clusterAsked(event: Extract<Event, { type: 'ClusterAsked' | 'OperatorAsked' }>): void {
    const { requestId } = event;
    const { membership } = this.#parts;
    if (event.type === 'ClusterAsked') {
      const told = (led: readonly LedStatus[]): void =>
        void this.#effects.push({ type: 'AnswerCluster', requestId, led });
      if (membership === undefined) told([]);
      else membership.askLed(told);
      return;
    }
    const answer = (said: AdminAnswer): void =>
      void this.#effects.push({ type: 'AnswerAdmin', requestId, answer: said });
    if (membership !== undefined) return membership.operate(event.request, answer);
    const text = event.request.type === 'alterTopic' ? configDecides : notClustered;
    return answer({ ok: false, text });
  }

  #connectionClosed(connection: ConnectionId, now: Now): void {
    const { router, membership, ingest, qos2 } = this.#parts;
    router.closed(connection);
    membership?.peers.connectionClosed(connection, now);
    ingest.connectionClosed(connection);
    qos2.sessions.connectionClosed(connection);
  }

  #tick(now: Now): void {
    if (this.#disk === 'stalled') this.#holdForDisk();
    this.#parts.router.tick(now.monotonicMs);
    this.#parts.partitions.tick(now.monotonicMs);
    this.#parts.boot.tick(now.monotonicMs);
    this.#parts.membership?.tick(now);
    this.#parts.forwarding.tick(now);
    this.#parts.upkeep.tick(now.monotonicMs);
    this.#parts.queues.tick(now.monotonicMs);
    this.#parts.qos2.sessions.tick(now.monotonicMs);
    const lateAt = this.#parts.ingest.giveUpLate(now);
    this.#parts.queues.giveUp(lateAt);
    const jumpMs = this.#parts.clock.observe(now);
    if (jumpMs > 0) this.#parts.retention.clockJumped(now);
    if (jumpMs !== 0) this.#parts.membership?.peers.factsChanged();
    this.#parts.retention.tick(now);
  }

  #room(event: RoomEvent): void {
    switch (event.type) {
      case 'DiskFilled':
        this.#diskBecame('full');
        return this.#parts.room.filled(event.missingBytes, event.budgetBytes);
      case 'DiskStalled':
        return this.#diskBecame('stalled');
      case 'DiskFreed':
        return this.#diskBecame('free');
      case 'SegmentsListed':
        return this.#parts.room.listed(event.lists);
    }
  }

  #diskBecame(state: DiskState): void {
    this.#disk = state;
    this.#holdForDisk();
  }

  /** While it takes nothing for long publishers wait only for what no other node can lead (L8). */
  #holdForDisk(): void {
    const { partitions, ingest } = this.#parts;
    const { monotonicMs: now } = present(this.#now, 'inside a step');
    const isNotNeeded = this.#disk === 'stalled' && !leaveToHeirs(partitions, now);
    ingest.diskBecame(isNotNeeded ? 'free' : this.#disk);
  }

  #withPartition(id: LogId, use: (partition: Partition) => void): void {
    const partition = this.#parts.partitions.byLog(id);
    if (partition !== undefined) use(partition);
  }

  #retentionProposed(id: LogId, to: Offset): void {
    this.#withPartition(id, (partition) => this.#parts.retention.proposed(partition, to));
  }

  #logStartAdvanced(id: LogId, to: Offset): void {
    this.#withPartition(id, (partition) => {
      partition.logStartAdvanced(to);
      this.#parts.forwarding.drops.advanced(partition);
    });
  }
}

/** Most events only wait for the end of their turn. */
const noEffects: readonly Effect[] = Object.freeze([]);

type RoomEvent = Extract<
  Event,
  { type: 'DiskFilled' | 'DiskStalled' | 'DiskFreed' | 'SegmentsListed' }
>;

type DurableEvent = StorageEvent | Extract<Event, { type: 'VotesPersisted' | 'LogCreated' }>;

type ClientEvent = Extract<
  Event,
  { type: 'KafkaConnectionOpened' | 'KafkaBytesReceived' | 'KafkaBytesSent' }
>;

/** At each start the topics follow it. */
const configDecides =
  'This node is alone: what its topics keep is what `topics:` of its config says. Change it there, ' +
  'and restart the node.';
const notClustered =
  'This node is alone: list the nodes of the cluster in `cluster.peers` of its config, and restart it.';
