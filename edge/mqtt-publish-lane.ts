import type { Client, PublishPacket } from 'aedes';
import { limits } from '../src/base/limits.ts';
import type { Event, Publish } from '../src/core/event.ts';
import type { ByteGate, MqttByteLane } from './mqtt-byte-lane.ts';
import type { MqttConnection } from './mqtt-connection.ts';
import type { MqttCounters } from './mqtt-front-options.ts';
import type { MqttPending } from './mqtt-pending.ts';
import { MqttPublishDecoder } from './mqtt-publish-decoder.ts';

const PUBACK = 0x40;
const ackBytes = 4;

export interface MqttPublishLaneOptions {
  readonly connection: MqttConnection;
  readonly client: Client;
  readonly packetBytesMax: number;
  readonly pending: MqttPending;
  readonly counters: MqttCounters;
  readonly post: (event: Event) => void;
  /** More publishes wait for the core. */
  readonly pendingChanged: () => void;
  /** False: nobody would get it. */
  readonly isHeard: (isRetained: boolean) => boolean;
  /** Subscribers get it; `done` once they have taken it. */
  readonly deliver: (packet: PublishPacket, done: (error?: Error | null) => void) => void;
  /** `flush` is to be called before anything else is written to the connection. */
  readonly acksWait: (lane: MqttPublishLane) => void;
}

/** What the lane touches of an aedes client that its types leave out. */
interface ClientInternals {
  readonly _keepaliveInterval: number;
  readonly _keepaliveTimer: NodeJS.Timeout | null;
  waitForDrain(done: (error: Error | null) => void): void;
}

/**
 * The short way of PUBLISH at QoS 0 and 1 past aedes: it costs aedes a dozen objects, promises and
 * immediates for each packet, and it can neither gather PUBACKs nor skip subscribers that are not
 * there. Sessions, subscriptions, QoS 2, wills and whatever breaks a rule stay with aedes.
 */
export class MqttPublishLane implements MqttByteLane {
  readonly #options: MqttPublishLaneOptions;
  readonly #internals: ClientInternals;
  readonly #decoder: MqttPublishDecoder;
  #acks: number[] = [];
  /** Payload bytes, and a fixed share for each packet, that were taken and are not settled. */
  #unsettledBytes = 0;
  /** The client does not read its PUBACKs. */
  #isBlocked = false;

  constructor(options: MqttPublishLaneOptions) {
    this.#options = options;
    this.#internals = options.client as unknown as ClientInternals;
    const { packetBytesMax } = options;
    const bytesMax = Math.min(packetBytesMax, limits.mqttLanePacketBytesMax);
    this.#decoder = new MqttPublishDecoder(bytesMax);
  }

  get isFull(): boolean {
    return this.#isBlocked || this.#unsettledBytes > limits.mqttLaneBytesMax;
  }

  get needsMore(): boolean {
    return this.#decoder.needsMore;
  }

  take(chunk: Buffer, at: number, gate: ByteGate): number {
    let next = at;
    while (next < chunk.length && !gate.stopsAt(chunk[next] as number)) {
      const end = this.#decoder.read(chunk, next);
      if (end === next) break;
      this.#post(end - next);
      next = end;
    }
    if (next === at) return at;
    this.#decoder.forget();
    this.#options.pendingChanged();
    if (this.#internals._keepaliveInterval > 0) this.#internals._keepaliveTimer?.refresh();
    return next;
  }

  flush(): void {
    const { connection } = this.#options;
    const acks = this.#acks;
    if (acks.length === 0) return;
    this.#acks = [];
    if (connection.dead || connection.socket.destroyed) return;
    const bytes = Buffer.allocUnsafe(acks.length * ackBytes);
    let at = 0;
    for (const packetId of acks) {
      bytes[at] = PUBACK;
      bytes[at + 1] = 2;
      bytes[at + 2] = packetId >> 8;
      bytes[at + 3] = packetId & 0xff;
      at += ackBytes;
    }
    if (!connection.socket.write(bytes)) this.#waitForDrain();
  }

  #post(bytes: number): void {
    const { connection, client, pending, counters, post } = this.#options;
    const { mqttTopic, payload, qos, retain, packetId } = this.#decoder;
    counters.publishes[qos]++;
    this.#unsettledBytes += bytes;
    const proceed = (): void => this.#proceed(publish, payload, bytes);
    const publishId = pending.add(connection, qos === 0 ? 'qos0' : 'qos1', proceed);
    const publish: Publish = {
      publishId,
      connection: connection.id,
      clientId: client.id,
      mqttTopic,
      payload,
      qos,
      retain,
      packetId,
    };
    post({ type: 'PublishReceived', publish });
  }

  /** Committed, and its turn has come (C5). */
  #proceed(publish: Publish, payload: Buffer, bytes: number): void {
    if (publish.qos === 1) {
      this.#acks.push(publish.packetId);
      if (this.#acks.length === 1) this.#options.acksWait(this);
    }
    const { connection, isHeard } = this.#options;
    if (!isHeard(publish.retain)) return this.#settled(bytes);
    connection.deliverInTurn(() => this.#deliver(publish, payload, bytes));
  }

  #deliver(publish: Publish, payload: Buffer, bytes: number): void {
    const { client, deliver } = this.#options;
    const { mqttTopic: topic, qos, retain, packetId: messageId } = publish;
    // DUP is not passed on ([MQTT-3.3.1-3]).
    deliver({ cmd: 'publish', dup: false, topic, payload, qos, retain, messageId }, (error) => {
      this.#settled(bytes);
      if (error) client.emit('error', error);
    });
  }

  #settled(bytes: number): void {
    const wasFull = this.isFull;
    this.#unsettledBytes -= bytes;
    if (wasFull && !this.isFull) this.#options.connection.readOn();
  }

  #waitForDrain(): void {
    if (this.#isBlocked) return;
    this.#isBlocked = true;
    // A client that never drains is destroyed by aedes, which then says so here.
    this.#internals.waitForDrain((error) => {
      this.#isBlocked = false;
      if (error === null && !this.isFull) this.#options.connection.readOn();
    });
  }
}
