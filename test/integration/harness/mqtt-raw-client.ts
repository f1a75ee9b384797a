import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** MQTT 3.1.1 packet types as in the high half of the first byte. */
export const packetTypes = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

export interface ReceivedPacket {
  readonly type: number;
  readonly flags: number;
  /** Behind the fixed header. */
  readonly body: Buffer;
}

export interface MqttConnectOptions {
  readonly port: number;
  readonly host?: string;
  readonly clientId: string;
  /** Default true. */
  readonly cleanSession?: boolean;
  /** Seconds; default 0: none. */
  readonly keepAlive?: number;
  /** Where the connection comes from, so that one host has ports enough. */
  readonly localAddress?: string;
  /** For the connection and for CONNACK; default 10 s. */
  readonly msMax?: number;
}

const answerMsMax = 10_000;

/**
 * An MQTT 3.1.1 client that does only what it is told, so that a test can stop between any two
 * packets: no timers, no re-sending, no answer of its own.
 */
export class MqttRawClient {
  readonly socket: Socket;
  /** Gets every packet that no `receive` waits for. */
  onPacket: (packet: ReceivedPacket) => void = () => {};
  /** Runs after the packets of one read, so that an answer to all of them is one write. */
  onChunkEnd: () => void = () => {};
  #rest: Buffer = Buffer.alloc(0);
  readonly #arrived: ReceivedPacket[] = [];
  readonly #ended: Promise<void>;
  #closed = false;
  #wake: () => void = () => {};
  #waiting = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => {});
    this.#ended = new Promise((resolve) =>
      socket.once('close', () => {
        this.#closed = true;
        this.#wake();
        resolve();
      }),
    );
  }

  /** Connects and waits for CONNACK. Rejects when refused. */
  static async connect(
    options: MqttConnectOptions,
  ): Promise<{ readonly client: MqttRawClient; readonly sessionPresent: boolean }> {
    const { port, host = '127.0.0.1', localAddress, msMax = answerMsMax } = options;
    const socket = connect({ port, host, ...(localAddress === undefined ? {} : { localAddress }) });
    socket.setNoDelay(true);
    const client = new MqttRawClient(socket);
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(msMax) });
      client.send(connectPacket(options));
      const connack = await client.receive(packetTypes.connack, undefined, msMax);
      if (connack.body[1] !== 0) throw new Error(`CONNECT was refused with ${connack.body[1]}`);
      return { client, sessionPresent: connack.body[0] === 1 };
    } catch (error) {
      client.destroy();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Settles when the connection is gone, by whichever side or error. */
  closed(): Promise<void> {
    return this.#ended;
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /**
   * The next packet of this type, and of this identifier if one is named; others are dropped.
   * Rejects when the connection closes, or after `msMax`.
   */
  async receive(type: number, packetId?: number, msMax = answerMsMax): Promise<ReceivedPacket> {
    const deadline = Date.now() + msMax;
    this.#waiting = true;
    try {
      for (;;) {
        for (let packet = this.#arrived.shift(); packet; packet = this.#arrived.shift()) {
          const isIt = packetId === undefined || packet.body.readUInt16BE(0) === packetId;
          if (packet.type === type && isIt) return packet;
        }
        if (this.#closed) throw new Error(`connection closed before a packet of type ${type}`);
        if (Date.now() >= deadline) throw new Error(`no packet of type ${type} in ${msMax} ms`);
        await this.#nextArrival(deadline - Date.now());
      }
    } finally {
      this.#waiting = false;
    }
  }

  /** Drops the connection without DISCONNECT, as a power cut at the sensor does. */
  destroy(): void {
    this.socket.destroy();
  }

  /** DISCONNECT, then the end. */
  async end(): Promise<void> {
    this.send(Buffer.from([packetTypes.disconnect << 4, 0]));
    this.socket.end();
    await this.closed();
  }

  #nextArrival(msMax: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, msMax);
      this.#wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let size = packetSize(bytes); size !== undefined; size = packetSize(bytes)) {
      this.#take(bytes.subarray(0, size));
      bytes = bytes.subarray(size);
    }
    this.#rest = bytes;
    this.onChunkEnd();
    this.#wake();
  }

  #take(bytes: Buffer): void {
    const first = bytes.readUInt8(0);
    const headerSize = 1 + lengthOf(bytes).size;
    const packet = { type: first >> 4, flags: first & 15, body: bytes.subarray(headerSize) };
    if (this.#waiting || packet.type === packetTypes.connack) this.#arrived.push(packet);
    else this.onPacket(packet);
  }
}

/** A PUBLISH; `packetId` is left out at QoS 0. */
export const publishPacket = (publish: {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: 0 | 1 | 2;
  readonly packetId?: number;
  readonly dup?: boolean;
  readonly retain?: boolean;
}): Buffer => {
  const { qos, packetId = 0, dup = false, retain = false } = publish;
  const topic = withLength(publish.topic);
  const id = qos === 0 ? Buffer.alloc(0) : identifier(packetId);
  const payload = Buffer.from(publish.payload);
  const flags = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  return packet(packetTypes.publish, flags, Buffer.concat([topic, id, payload]));
};

/** PUBACK, PUBREC, PUBREL or PUBCOMP. */
export const identifierPacket = (
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
  packetId: number,
): Buffer => packet(packetTypes[type], type === 'pubrel' ? 2 : 0, identifier(packetId));

/** A SUBSCRIBE to one topic filter. */
export const subscribePacket = (packetId: number, filter: string, qos: 0 | 1): Buffer =>
  packet(
    packetTypes.subscribe,
    2,
    Buffer.concat([identifier(packetId), withLength(filter), Buffer.from([qos])]),
  );

export const pingPacket = (): Buffer => packet(packetTypes.pingreq, 0, Buffer.alloc(0));

const connectPacket = (options: MqttConnectOptions): Buffer => {
  const { clientId, cleanSession = true, keepAlive = 0 } = options;
  const head = Buffer.concat([withLength('MQTT'), Buffer.from([4, cleanSession ? 2 : 0])]);
  return packet(
    packetTypes.connect,
    0,
    Buffer.concat([head, identifier(keepAlive), withLength(clientId)]),
  );
};

const packet = (type: number, flags: number, body: Buffer): Buffer => {
  const header = [(type << 4) | flags];
  let left = body.length;
  do {
    header.push((left & 127) | (left > 127 ? 128 : 0));
    left >>>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from(header), body]);
};

const withLength = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([identifier(bytes.length), bytes]);
};

const identifier = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);

/** Bytes of the first packet, or undefined while they have not all arrived. */
const packetSize = (bytes: Buffer): number | undefined => {
  const { value, size } = lengthOf(bytes);
  const whole = 1 + size + value;
  return size === 0 || bytes.length < whole ? undefined : whole;
};

/** The remaining length; size 0 while it is cut off. */
const lengthOf = (bytes: Buffer): { readonly value: number; readonly size: number } => {
  let value = 0;
  for (let index = 1; index < Math.min(bytes.length, 5); index += 1) {
    const byte = bytes.readUInt8(index);
    value |= (byte & 127) << (7 * (index - 1));
    if (byte < 128) return { value, size: index };
  }
  return { value: 0, size: 0 };
};
