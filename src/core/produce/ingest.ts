import { monotonicMs, type ConnectionId, type MonotonicMs } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { utf8Length } from '../../base/bytes.ts';
import { batchOverheadBytes } from '../../wire/kafka/record-batch-header.ts';
import { RecordBatchBuilder } from '../../wire/kafka/record-batch-builder.ts';
import type { Effect, HeldPublishers } from '../effect.ts';
import type { Publish } from '../event.ts';
import type { Now } from '../now.ts';
import type { ProduceQueue } from './produce-queue.ts';
import type { Batcher } from './batcher.ts';
import { MqttHeaders } from './mqtt-headers.ts';
import type { ProducerTriple } from './producer-triple.ts';
import { PublishOrder, type PendingPublish } from './publish-order.ts';
import type { NoPlace, RouteTable, RouteTarget } from './route-table.ts';

/** `stalled`: an fsync takes too long; there is room, so nothing is dropped for it. */
export type DiskState = 'free' | 'stalled' | 'full';

export interface IngestOptions {
  readonly routes: RouteTable;
  readonly batcher: Batcher;
  /** Undefined: there is no such topic. */
  readonly queue: (topic: string, partition: number) => ProduceQueue | undefined;
  readonly deliveryTimeoutMs: number;
  /** Bytes of Kafka clients in the same queue for the disk. */
  readonly producedBytes: () => number;
  readonly emit: (effect: Effect) => void;
}

/**
 * MQTT publishes on their way into partitions and back out as releases, in each connection's order.
 */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #headers = new MqttHeaders();
  /** Empty between calls; its buffer is used again. */
  readonly #single = new RecordBatchBuilder();
  readonly #order: PublishOrder;
  #disk: DiskState = 'free';
  #held: HeldPublishers = 'none';
  #droppedQos0 = 0;
  #unroutedPublishes = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#order = new PublishOrder((publishId, error) => this.#refuse(publishId, error));
  }

  /** Publishes that no route names: acknowledged, not stored, counted. */
  get unroutedPublishes(): number {
    return this.#unroutedPublishes;
  }

  /** New records have no room. */
  get isHeld(): boolean {
    return this.#held !== 'none';
  }

  /** QoS 0 publishes that came while the disk was full: not stored, told to subscribers only. */
  get droppedQos0(): number {
    return this.#droppedQos0;
  }

  locate(publish: Publish): RouteTarget | NoPlace {
    return this.#options.routes.locate(publish.mqttTopic, publish.clientId);
  }

  /** Gives the publish its place in its connection's order. */
  enter(publish: Publish, now: Now): PendingPublish {
    const { publishId, connection, qos } = publish;
    return this.#order.add({ publishId, connection, isPromised: qos > 0 }, now.monotonicMs);
  }

  /** QoS 0, 1 and wills: into the open batch of its partition. */
  received(publish: Publish, now: Now): void {
    if (publish.qos === 0 && this.#disk === 'full') return this.#dropQos0(publish.publishId);
    const pending = this.enter(publish, now);
    const target = this.locate(publish);
    if (target === 'unrouted') return this.unrouted(pending);
    if (target === 'topicMissing') return pending.refused('LEADER_NOT_AVAILABLE');
    const queue = this.#options.queue(target.topic, target.partition);
    if (queue === undefined) return pending.refused('LEADER_NOT_AVAILABLE');
    const record = {
      timestamp: now.wallMs,
      key: target.key,
      value: publish.payload,
      headers: this.#headers.encoded(publish),
    };
    const error = this.#options.batcher.append(queue, record, pending, now);
    if (error !== undefined) pending.refused(error);
  }

  unrouted(pending: PendingPublish): void {
    this.#unroutedPublishes++;
    pending.committed();
  }

  /** Whether a batch of that size can hold the publish, whatever its key. */
  fits(publish: Publish, batchBytesMax: number): boolean {
    const { mqttTopic, clientId, payload } = publish;
    const keyBytes = Math.max(utf8Length(mqttTopic), utf8Length(clientId));
    const headersBytes = this.#headers.encoded(publish).length;
    const bytes = RecordBatchBuilder.recordBytesMax(keyBytes, payload.length, headersBytes);
    return batchOverheadBytes + bytes <= batchBytesMax;
  }

  /** The one-record batch of a QoS 2 publish, under its session's triple (P5). */
  buildBatch(publish: Publish, key: Uint8Array, triple: ProducerTriple, now: Now): Uint8Array {
    this.#single.append(now.wallMs, key, publish.payload, this.#headers.encoded(publish));
    return this.#single.finish(triple);
  }

  /**
   * P3: publishes that were not committed in `deliveryTimeoutMs` are given up; their clients send
   * them again.
   * @returns what came before is late.
   */
  giveUpLate(now: Now): MonotonicMs {
    const before = monotonicMs(now.monotonicMs - this.#options.deliveryTimeoutMs);
    this.#order.giveUp(before);
    return before;
  }

  connectionClosed(connection: ConnectionId): void {
    this.#order.connectionClosed(connection);
  }

  diskBecame(state: DiskState): void {
    this.#disk = state;
  }

  turnEnded(): void {
    const released = this.#order.takeReleased();
    if (released.length > 0) {
      this.#options.emit({ type: 'ReleasePublishes', publishIds: released });
    }
    this.#holdOrLetGo();
  }

  /**
   * A full disk or a full queue stops the reading of publishers' sockets (P3); half empty lets them
   * go on. A full disk would hold QoS 0 for ever: it is read and dropped.
   */
  #holdOrLetGo(): void {
    const pendingBytes = this.#options.batcher.pendingBytes + this.#options.producedBytes();
    const level = this.isHeld ? limits.ingestQueueBytesMax / 2 : limits.ingestQueueBytesMax;
    const isBusy = this.#disk === 'stalled' || pendingBytes > level;
    const held = this.#disk === 'full' ? 'acknowledged' : isBusy ? 'all' : 'none';
    if (held === this.#held) return;
    this.#held = held;
    this.#options.emit({ type: 'HoldPublishers', held });
  }

  #dropQos0(publishId: number): void {
    this.#droppedQos0++;
    const reason = 'KAFKA_STORAGE_ERROR';
    this.#options.emit({ type: 'RejectPublish', publishId, closeConnection: false, reason });
  }

  #refuse(publishId: number, error: ErrorCode): void {
    this.#options.emit({ type: 'RejectPublish', publishId, closeConnection: true, reason: error });
  }
}
