import { connectionId } from '../../src/base/brand.ts';
import type { ConnectionId } from '../../src/base/brand.ts';
import { utf8Encode } from '../../src/base/bytes.ts';
import type { Event, Publish } from '../../src/core/event.ts';
import type { ApiCodec } from '../../src/wire/kafka/codec.ts';
import { FrameSplitter } from '../../src/wire/kafka/frame.ts';
import { produceCodec } from '../../src/wire/kafka/generated/00-produce.ts';
import { initProducerIdCodec } from '../../src/wire/kafka/generated/22-init-producer-id.ts';
import { correlationIdOf, decodeResponse, encodeRequest } from '../../src/wire/kafka/header.ts';
import { RecordBatchBuilder } from '../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../src/wire/kafka/record-headers.ts';
import type { LedgerWorld } from './ledger-world.ts';
import { sensorsTopic } from './node-process-world.ts';

/** The wire between the clients and whichever process lives. Identifiers are never used twice. */
export class WireWorld {
  /** Takes an event to the process; nobody hears it while there is none. */
  post: (event: Event) => void = () => undefined;
  #next = 1;
  readonly #publishes = new Map<number, (isReleased: boolean) => void>();
  readonly #sessions = new Map<number, () => void>();
  readonly #kafka = new Map<ConnectionId, KafkaWire>();

  newId(): number {
    return this.#next++;
  }

  /** Answers of the process that is gone will not come. */
  cut(): void {
    this.#publishes.clear();
    this.#sessions.clear();
    this.#kafka.clear();
  }

  whenReleased(publishId: number, then: (isReleased: boolean) => void): void {
    this.#publishes.set(publishId, then);
  }

  whenSessionAnswered(requestId: number, then: () => void): void {
    this.#sessions.set(requestId, then);
  }

  openKafka(): KafkaWire {
    const wire = new KafkaWire(this, connectionId(this.newId()));
    this.#kafka.set(wire.connection, wire);
    this.post({ type: 'KafkaConnectionOpened', connection: wire.connection });
    return wire;
  }

  settled(publishId: number, isReleased: boolean): void {
    const then = this.#publishes.get(publishId);
    this.#publishes.delete(publishId);
    then?.(isReleased);
  }

  sessionAnswered(requestId: number): void {
    this.#sessions.get(requestId)?.();
  }

  kafkaSent(connection: ConnectionId, chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#kafka.get(connection)?.took(chunk);
  }
}

/** One Kafka connection of a client. */
export class KafkaWire {
  readonly connection: ConnectionId;
  readonly #wire: WireWorld;
  readonly #splitter = new FrameSplitter(1 << 20);
  readonly #waiting = new Map<number, (frame: Uint8Array) => void>();

  constructor(wire: WireWorld, connection: ConnectionId) {
    this.#wire = wire;
    this.connection = connection;
  }

  call<Q, R>(codec: ApiCodec<Q, R>, version: number, body: Q, then: (response: R) => void): void {
    const correlationId = this.#wire.newId();
    const chunk = encodeRequest(codec, version, { correlationId, clientId: 'test' }, body);
    this.#waiting.set(correlationId, (frame) => {
      const response = decodeResponse(codec, version, frame);
      if (!response.ok) throw new Error(`${codec.name} answers ${response.error}`);
      then(response.value);
    });
    this.#wire.post({ type: 'KafkaBytesReceived', connection: this.connection, chunk });
  }

  took(chunk: Uint8Array): void {
    const frames = this.#splitter.push(chunk);
    if (!frames.ok) throw new Error(`frame ${frames.error}`);
    for (const frame of frames.value) {
      const correlationId = correlationIdOf(frame) ?? -1;
      const then = this.#waiting.get(correlationId);
      this.#waiting.delete(correlationId);
      then?.(frame.slice());
    }
  }
}

/**
 * A publisher that sends again what was not acknowledged (QoS 1) or goes on where its handshakes
 * stand (QoS 2).
 */
export class MqttWorld {
  readonly #wire: WireWorld;
  readonly #ledger: LedgerWorld;
  readonly #clientId: string;
  readonly #qos1 = new Map<string, string>();
  readonly #qos2 = new Map<number, { value: string; key: string; isReceived: boolean }>();
  #connection: ConnectionId | undefined;
  #isOpen = false;

  constructor(wire: WireWorld, ledger: LedgerWorld, clientId: string) {
    this.#wire = wire;
    this.#ledger = ledger;
    this.#clientId = clientId;
  }

  get isIdle(): boolean {
    return this.#isOpen && this.#qos1.size === 0 && this.#qos2.size === 0;
  }

  /** CONNECT; after it everything open is sent again. */
  connect(): void {
    const connection = connectionId(this.#wire.newId());
    const requestId = this.#wire.newId();
    this.#connection = connection;
    this.#isOpen = false;
    this.#wire.whenSessionAnswered(requestId, () => this.#opened(connection));
    const session = { clientId: this.#clientId, clean: false };
    this.#wire.post({ type: 'SessionOpened', requestId, connection, ...session });
  }

  /** The process is gone, or has closed the connection. */
  disconnected(): void {
    this.#connection = undefined;
    this.#isOpen = false;
  }

  /** Connects again if need be. */
  tick(): void {
    if (this.#connection === undefined) this.connect();
  }

  publish(key: string, value: string): void {
    this.#ledger.send(value, key, false);
    this.#qos1.set(value, key);
    if (this.#isOpen) this.#publish1(key, value);
  }

  publishOnce(packetId: number, key: string, value: string): void {
    if (this.#qos2.has(packetId)) throw new Error(`${packetId} is in use`);
    this.#ledger.send(value, key, true);
    this.#qos2.set(packetId, { key, value, isReceived: false });
    if (this.#isOpen) this.#goOn(packetId);
  }

  #opened(connection: ConnectionId): void {
    if (connection !== this.#connection) return;
    this.#isOpen = true;
    for (const packetId of this.#qos2.keys()) this.#goOn(packetId);
    for (const [value, key] of this.#qos1) this.#publish1(key, value);
  }

  #publish1(key: string, value: string): void {
    const publishId = this.#awaiting(() => {
      this.#ledger.acknowledge(value);
      this.#qos1.delete(value);
    });
    const publish = this.#publish(publishId, key, value, 1);
    this.#wire.post({ type: 'PublishReceived', publish });
  }

  #goOn(packetId: number): void {
    const handshake = this.#qos2.get(packetId);
    if (handshake === undefined) return;
    if (handshake.isReceived) return this.#release(packetId);
    const publishId = this.#awaiting(() => {
      this.#ledger.acknowledge(handshake.value);
      handshake.isReceived = true;
      this.#release(packetId);
    });
    const publish = { ...this.#publish(publishId, handshake.key, handshake.value, 2), packetId };
    this.#wire.post({ type: 'IdentifierReceived', publish });
  }

  #release(packetId: number): void {
    const publishId = this.#awaiting(() => void this.#qos2.delete(packetId));
    const connection = this.#connection as ConnectionId;
    const clientId = this.#clientId;
    this.#wire.post({ type: 'IdentifierReleased', publishId, connection, clientId, packetId });
  }

  /** A refusal closes the connection, as the node's front end does. */
  #awaiting(released: () => void): number {
    const publishId = this.#wire.newId();
    const connection = this.#connection as ConnectionId;
    this.#wire.whenReleased(publishId, (isReleased) => {
      if (connection !== this.#connection) return;
      if (isReleased) return released();
      this.disconnected();
      this.#wire.post({ type: 'ConnectionClosed', connection });
    });
    return publishId;
  }

  #publish(publishId: number, mqttTopic: string, value: string, qos: 1 | 2): Publish {
    return {
      publishId,
      connection: this.#connection as ConnectionId,
      clientId: this.#clientId,
      mqttTopic,
      payload: utf8Encode(value),
      qos,
      retain: false,
      packetId: 1,
    };
  }
}

interface ProducedBatch {
  readonly bytes: Uint8Array;
  readonly values: readonly string[];
  baseOffset: number | undefined;
}

const producedKey = 'machine';

/** An idempotent producer that sends again in order what has no answer, or a retriable one. */
export class ProducerWorld {
  readonly #wire: WireWorld;
  readonly #ledger: LedgerWorld;
  #kafka: KafkaWire | undefined;
  #producerId: bigint | undefined;
  #sequence = 0;
  #pending: ProducedBatch[] = [];
  #last: ProducedBatch | undefined;
  #isStuck = false;
  /** Answers to batches that had one before. */
  retriesAnswered = 0;

  constructor(wire: WireWorld, ledger: LedgerWorld) {
    this.#wire = wire;
    this.#ledger = ledger;
  }

  get isIdle(): boolean {
    return (
      this.#kafka !== undefined && this.#producerId !== undefined && this.#pending.length === 0
    );
  }

  connect(): void {
    this.#kafka = this.#wire.openKafka();
    if (this.#producerId === undefined) this.#initialize();
    this.#resend();
  }

  disconnected(): void {
    this.#kafka = undefined;
  }

  tick(): void {
    if (this.#kafka === undefined) return this.connect();
    if (this.#producerId === undefined) this.#initialize();
    if (this.#isStuck) this.#resend();
  }

  produce(values: readonly string[]): void {
    if (this.#producerId === undefined) throw new Error('no producer id yet');
    const builder = new RecordBatchBuilder(256);
    for (const value of values) {
      this.#ledger.send(value, producedKey, true);
      builder.append(1_000, utf8Encode(producedKey), utf8Encode(value), noRecordHeaders);
    }
    const triple = { producerId: this.#producerId, producerEpoch: 0, baseSequence: this.#sequence };
    const batch = { bytes: builder.finish(triple), values, baseOffset: undefined };
    this.#sequence += values.length;
    this.#pending.push(batch);
    this.#send(batch);
  }

  /** Sends the newest answered batch once more: it must be answered as the first time. */
  retry(): void {
    if (this.#last !== undefined) this.#send(this.#last);
  }

  #initialize(): void {
    const body = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1n };
    this.#kafka?.call(initProducerIdCodec, 4, { ...body, producerEpoch: -1 }, (answer) => {
      if (answer.errorCode === 0) this.#producerId ??= answer.producerId;
    });
  }

  #resend(): void {
    this.#isStuck = false;
    for (const batch of this.#pending) this.#send(batch);
  }

  #send(batch: ProducedBatch): void {
    const partitionData = [{ index: 0, records: batch.bytes }];
    const topicData = [{ name: sensorsTopic, partitionData }];
    const request = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
    this.#kafka?.call(produceCodec, 9, request, ({ responses }) => {
      const answer = responses[0]?.partitionResponses[0];
      if (answer === undefined) throw new Error('Produce is answered for its partition');
      this.#answered(batch, answer.errorCode, answer.baseOffset);
    });
  }

  #answered(batch: ProducedBatch, errorCode: number, baseOffset: number): void {
    // 56 and 7 while the node is full, 45 behind one of those: again, in order.
    if (errorCode === 56 || errorCode === 7 || errorCode === 45) {
      this.#isStuck = true;
      return;
    }
    if (errorCode !== 0) throw new Error(`Produce answers ${errorCode}`);
    if (batch.baseOffset !== undefined) {
      this.retriesAnswered++;
      if (batch.baseOffset !== baseOffset) throw new Error('a retry has another offset');
      return;
    }
    batch.baseOffset = baseOffset;
    this.#last = batch;
    this.#pending = this.#pending.filter((one) => one !== batch);
    for (const value of batch.values) this.#ledger.acknowledge(value);
  }
}
