import type { Client, PublishPacket } from 'aedes';
import { limits } from '../src/base/limits.ts';
import type { Event, Publish } from '../src/core/event.ts';
import type { ByteGate, MqttByteLane } from './mqtt-byte-lane.ts';
import type { MqttConnection } from './mqtt-connection.ts';
import type { MqttCounters } from './mqtt-front-options.ts';
import type { MqttInbound } from './mqtt-inbound.ts';
import type { MqttPending, Pending } from './mqtt-pending.ts';
import { MqttPublishDecoder } from './mqtt-publish-decoder.ts';

/** First bytes of what acknowledges a publish. */
const ackTypes = { puback: 0x40, pubrec: 0x50, pubcomp: 0x70 } as const;
const ackBytes = 4;

export interface MqttPublishLaneOptions {
  readonly connection: MqttConnection;
  readonly client: Client;
  readonly packetBytesMax: number;
  readonly pending: MqttPending;
  /** QoS 2. */
  readonly inbound: MqttInbound;
  readonly counters: MqttCounters;
  readonly post: (event: Event) => void;
  /** More publishes wait for the core. */
  readonly pendingChanged: () => void;
  /** False: nobody would get it. */
  readonly isHeard: (publish: Publish) => boolean;
  /** Subscribers get it; `done` once they have taken it. */
  readonly deliver: (packet: PublishPacket, done: (error?: Error | null) => void) => void;
  /** `flush` is to be called before anything else is written to the connection. */
  readonly acksWait: (lane: MqttPublishLane) => void;
}

/** What the lane touches of an aedes client that its types leave out. */
interface ClientInternals {
  readonly _keepaliveInterval: number;
  readonly _keepaliveTimer: NodeJS.Timeout | null;
  /** Identifiers of QoS 2 publishes that went through aedes. */
  readonly _inboundInflight: Set<number>;
  waitForDrain(done: (error: Error | null) => void): void;
}

/**
 * The short way of PUBLISH and PUBREL past aedes: it costs aedes a dozen objects, promises and
 * immediates for each packet, and it can neither gather what acknowledges them nor skip subscribers
 * that are not there. Sessions, subscriptions, wills, large packets and whatever breaks a rule stay
 * with aedes.
 */
export class MqttPublishLane implements MqttByteLane {
  readonly #options: MqttPublishLaneOptions;
  readonly #internals: ClientInternals;
  readonly #decoder: MqttPublishDecoder;
  /** First byte and packet identifier of each. */
  #acks: number[] = [];
  /** Payload bytes, and a fixed share for each packet, that were taken and are not settled. */
  #unsettledBytes = 0;
  /** The client does not read its acknowledgements. */
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
      if (this.#decoder.isRelease) this.#release(this.#decoder.packetId);
      else if (this.#decoder.qos === 2) this.#identify(end - next);
      else this.#post(end - next);
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
    for (const ack of acks) {
      bytes[at] = ack >> 16;
      bytes[at + 1] = 2;
      bytes[at + 2] = (ack >> 8) & 0xff;
      bytes[at + 3] = ack & 0xff;
      at += ackBytes;
    }
    if (!connection.socket.write(bytes)) this.#waitForDrain();
  }

  #post(bytes: number): void {
    const { connection, client, pending, counters, post } = this.#options;
    const { mqttTopic, payload, qos, retain, packetId } = this.#decoder;
    counters.publishes[qos]++;
    this.#unsettledBytes += bytes;
    const publish: Publish = {
      publishId: pending.nextId(),
      connection: connection.id,
      clientId: client.id,
      mqttTopic,
      payload,
      qos,
      retain,
      packetId,
    };
    pending.put(new LanePublish(this, connection, publish, bytes));
    post({ type: 'PublishReceived', publish });
  }

  /** Called by LanePublish: committed, and its turn has come (C5). */
  proceed(publish: Publish, bytes: number): void {
    if (publish.qos === 1) this.#acknowledge(ackTypes.puback, publish.packetId);
    const { connection, isHeard } = this.#options;
    if (!isHeard(publish)) return this.#settled(bytes);
    connection.deliverInTurn(() => this.#deliver(publish, bytes));
  }

  #deliver(publish: Publish, bytes: number, delivered?: () => void): void {
    const { client, deliver } = this.#options;
    const { mqttTopic: topic, qos, retain, packetId: messageId } = publish;
    // The decoder's view of the chunk.
    const payload = publish.payload as Buffer;
    // DUP is not passed on ([MQTT-3.3.1-3]).
    deliver({ cmd: 'publish', dup: false, topic, payload, qos, retain, messageId }, (error) => {
      this.#settled(bytes);
      if (error) client.emit('error', error);
      else delivered?.();
    });
  }

  /** PUBLISH at QoS 2. */
  #identify(bytes: number): void {
    const { connection, client, inbound } = this.#options;
    const { mqttTopic, payload, retain, packetId } = this.#decoder;
    this.#unsettledBytes += bytes;
    inbound.take(connection, client.id, {
      packetId,
      toPublish: (publishId) => ({
        publishId,
        connection: connection.id,
        clientId: client.id,
        mqttTopic,
        payload,
        qos: 2,
        retain,
        packetId,
      }),
      stored: (publish) => this.#stored(publish, bytes),
      repeated: () => {
        this.#settled(bytes);
        this.#receivedInTurn(packetId);
      },
    });
  }

  /** Subscribers have it before PUBREC leaves, which keeps its place. */
  #stored(publish: Publish, bytes: number): void {
    const { connection, isHeard } = this.#options;
    const { packetId } = publish;
    if (!isHeard(publish)) {
      this.#settled(bytes);
      return this.#receivedInTurn(packetId);
    }
    const turn = connection.order.reserve();
    const delivered = (): void =>
      connection.order.ready(turn, () => this.#acknowledge(ackTypes.pubrec, packetId));
    connection.deliverInTurn(() => this.#deliver(publish, bytes, delivered));
  }

  #receivedInTurn(packetId: number): void {
    const { order } = this.#options.connection;
    if (order.idle) this.#acknowledge(ackTypes.pubrec, packetId);
    else order.push(() => this.#acknowledge(ackTypes.pubrec, packetId), false);
  }

  #release(packetId: number): void {
    const { connection, client, inbound } = this.#options;
    inbound.release(connection, client.id, packetId, () => {
      this.#internals._inboundInflight.delete(packetId);
      this.#acknowledge(ackTypes.pubcomp, packetId);
    });
  }

  #acknowledge(type: number, packetId: number): void {
    this.#acks.push((type << 16) | packetId);
    if (this.#acks.length === 1) this.#options.acksWait(this);
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

/** A publish of QoS 0 or 1 that waits for the core: one object for each, on the hot path. */
class LanePublish implements Pending {
  readonly kind: 'qos0' | 'qos1';
  readonly connection: MqttConnection;
  settled = false;
  readonly #lane: MqttPublishLane;
  readonly #publish: Publish;
  readonly #bytes: number;

  constructor(lane: MqttPublishLane, connection: MqttConnection, publish: Publish, bytes: number) {
    this.kind = publish.qos === 0 ? 'qos0' : 'qos1';
    this.connection = connection;
    this.#lane = lane;
    this.#publish = publish;
    this.#bytes = bytes;
  }

  get publishId(): number {
    return this.#publish.publishId;
  }

  proceed(): void {
    this.#lane.proceed(this.#publish, this.#bytes);
  }
}
