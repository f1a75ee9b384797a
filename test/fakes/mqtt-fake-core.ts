import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { MqttFront } from '../../edge/mqtt-aedes.ts';
import { connectionId } from '../../src/base/brand.ts';
import type { Event } from '../../src/core/event.ts';

type Answered = Extract<
  Event,
  { type: 'PublishReceived' | 'IdentifierReceived' | 'IdentifierReleased' }
>;

const waitMsMax = 10_000;

/**
 * The front end on a free loopback port with a core that answers only as told, or at once if
 * `isEager`.
 */
export class MqttFakeCore {
  readonly events: Event[] = [];
  readonly front: MqttFront;
  /** Answers publishes and identifiers by itself, some turns later. */
  isEager = true;
  /** Identifiers that sessions are told to have open. */
  openIdentifiers: readonly number[] = [];
  /** What the front end remembers of sessions holds. */
  isResumed = true;
  /** Holds CONNACK. */
  answersSessions = true;
  port = 0;
  #lastConnection = 0;

  constructor(packetBytesMax = 4_096, port = 0, connectionsMax = 1_000) {
    this.front = new MqttFront({
      settings: { host: '127.0.0.1', port, packetBytesMax, connectionsMax },
      post: (event) => this.#take(event),
      nextConnectionId: () => connectionId(++this.#lastConnection),
      telemetry: { write: () => undefined },
    });
  }

  async listen(): Promise<void> {
    const listening = await this.front.listen();
    if (!listening.ok) throw new Error(listening.error.text);
    this.port = listening.value.port;
  }

  /** Events that wait for a release, oldest first, by what they carry. */
  get waiting(): readonly Answered[] {
    return this.events.filter(
      (event): event is Answered =>
        event.type === 'PublishReceived' ||
        event.type === 'IdentifierReceived' ||
        event.type === 'IdentifierReleased',
    );
  }

  release(...events: readonly (Answered | undefined)[]): void {
    this.front.releasePublishes(events.map((event) => idOf(event)));
  }

  reject(event: Answered | undefined, closeConnection = true): void {
    this.front.rejectPublish(idOf(event), closeConnection, 'a test says so');
  }

  topics(): readonly string[] {
    return this.waiting.map((event) =>
      event.type === 'IdentifierReleased' ? `pubrel ${event.packetId}` : event.publish.mqttTopic,
    );
  }

  #take(event: Event): void {
    this.events.push(event);
    if (event.type === 'SessionOpened' && this.answersSessions) {
      const { requestId, clean } = event;
      const open = clean ? [] : this.openIdentifiers;
      setImmediate(() =>
        this.front.sessionAnswered({ requestId, openIdentifiers: open, isResumed: this.isResumed }),
      );
    }
    if (this.isEager && 'publish' in event) setImmediate(() => this.release(event));
    if (this.isEager && event.type === 'IdentifierReleased') {
      setImmediate(() => this.release(event));
    }
  }
}

const idOf = (event: Answered | undefined): number => {
  if (event === undefined) throw new Error('no such event');
  return event.type === 'IdentifierReleased' ? event.publishId : event.publish.publishId;
};

/**
 * A socket that writes bytes and notes the first byte and packet identifier of each packet it gets.
 */
export class MqttBytes {
  readonly socket: Socket;
  /**
   * `type` or `type:identifier`, e.g. `puback:1`; CONNACK as `connack:<session present>/<code>`.
   */
  readonly packets: string[] = [];
  isClosed = false;
  #rest = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => this.#read(chunk));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
  }

  static async connected(port: number, clientId: string, clean = true): Promise<MqttBytes> {
    const client = new MqttBytes(port);
    client.socket.write(connectBytes(clientId, clean));
    await until(() => client.packets.length > 0);
    return client;
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 2) {
      // The packets of these tests are shorter than 128 bytes.
      const length = 2 + this.#rest.readUInt8(1);
      if (this.#rest.length < length) return;
      this.packets.push(nameOf(this.#rest.subarray(0, length)));
      this.#rest = this.#rest.subarray(length);
    }
  }
}

const names = ['', '', 'connack', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', '', 'suback'];

function nameOf(packet: Buffer): string {
  const type = packet.readUInt8(0) >> 4;
  const name = names[type] ?? String(type);
  if (type === 2) return `${name}:${packet.readUInt8(2)}/${packet.readUInt8(3)}`;
  if (type === 3) {
    const length = packet.readUInt16BE(2);
    return `${name}:${packet.subarray(4, 4 + length).toString()}`;
  }
  return packet.length >= 4 ? `${name}:${packet.readUInt16BE(2)}` : name;
}

/** CONNECT of 3.1.1 without keep-alive. */
export function connectBytes(clientId: string, clean: boolean, will?: string): Buffer {
  const flags = (clean ? 2 : 0) | (will === undefined ? 0 : 4 | 8);
  const fields = [text('MQTT'), Buffer.from([4, flags, 0, 0]), text(clientId)];
  if (will !== undefined) fields.push(text(will), text('gone'));
  const body = Buffer.concat(fields);
  return Buffer.concat([Buffer.from([0x10]), lengthBytes(body.length), body]);
}

/** SUBSCRIBE to one filter at QoS 1. */
export function subscribeBytes(filter: string): Buffer {
  const body = Buffer.concat([Buffer.from([0, 9]), text(filter), Buffer.from([1])]);
  return Buffer.concat([Buffer.from([0x82]), lengthBytes(body.length), body]);
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

const lengthBytes = (length: number): Buffer =>
  length < 128 ? Buffer.from([length]) : Buffer.from([(length & 127) | 128, length >> 7]);

/** Waits until the condition holds; throws after 10 s. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + waitMsMax;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Long enough for anything that is wrongly on its way over loopback to arrive. */
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));
