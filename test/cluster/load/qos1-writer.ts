import { setTimeout as delay } from 'node:timers/promises';
import type { WriterHistory } from '../history/client-history.ts';
import { payloadOf } from '../history/identity.ts';
import {
  MqttRawClient,
  packetTypes,
  publishPacket,
} from '../../integration/harness/mqtt-raw-client.ts';
import type { ReceivedPacket } from '../../integration/harness/mqtt-raw-client.ts';
import type { EntranceRing } from './entrance-ring.ts';
import type { Entrance, LoadWriter } from './load-writer.ts';

export interface Qos1Options {
  readonly history: WriterHistory;
  readonly entrances: EntranceRing;
  readonly ratePerSecond: number;
  readonly inFlightMax: number;
  readonly payloadBytes: number;
  /** Its readings are spread over so many MQTT topics. */
  readonly topics: number;
  /** An unanswered publish makes it go to another node after that long. */
  readonly patienceMs: number;
}

interface Unanswered {
  readonly sequence: number;
  sentMs: number;
}

const beatMs = 10;
const backoffMs = 100;

/**
 * A sensor at QoS 1 with many publishes in flight. When its node falls silent it goes to the next
 * one and sends again what had no PUBACK, in the old order, before anything new [MQTT-4.6.0-1].
 * Each payload names the connection that carried it.
 */
export class Qos1Writer implements LoadWriter {
  readonly name: string;
  readonly complaints: string[] = [];
  readonly #options: Qos1Options;
  readonly #run: Promise<void>;
  /** In the order of the first sending. */
  readonly #unanswered = new Map<number, Unanswered>();
  #client: MqttRawClient | undefined;
  #attempt = -1;
  #nextSequence = 0;
  #isFinishing = false;
  #isAbandoned = false;

  constructor(options: Qos1Options) {
    this.#options = options;
    this.name = `w${options.history.id}`;
    this.#run = this.#live();
  }

  async finish(msMax: number): Promise<Error | undefined> {
    this.#isFinishing = true;
    const ended = await Promise.race([this.#run.then(() => true), delay(msMax, false)]);
    if (ended) return undefined;
    const { size } = this.#unanswered;
    await this.abandon();
    return new Error(`${this.name}: ${size} publishes had no PUBACK for ${msMax} ms`);
  }

  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    this.#client?.destroy();
    await this.#run;
  }

  get #isDone(): boolean {
    return this.#isAbandoned || (this.#isFinishing && this.#unanswered.size === 0);
  }

  async #live(): Promise<void> {
    while (!this.#isDone) {
      const entrance = this.#options.entrances.next();
      const client = await this.#connect(entrance);
      if (client === undefined) await delay(backoffMs);
      else await this.#publish(client, entrance);
    }
  }

  async #connect({ host, port }: Entrance): Promise<MqttRawClient | undefined> {
    try {
      const msMax = this.#options.patienceMs;
      return (await MqttRawClient.connect({ host, port, clientId: this.name, msMax })).client;
    } catch {
      return undefined;
    }
  }

  /** Until the connection is gone, or worth nothing any more. */
  async #publish(client: MqttRawClient, entrance: Entrance): Promise<void> {
    this.#client = client;
    this.#attempt += 1;
    client.onPacket = (packet): void => this.#take(packet, entrance);
    this.#sendAgain(client);
    const startMs = performance.now();
    let due = 0;
    while (!client.isClosed && !this.#isDone && !this.#isImpatient()) {
      const elapsedMs = performance.now() - startMs;
      const allowed = Math.floor((elapsedMs * this.#options.ratePerSecond) / 1_000) - due;
      due += this.#sendNew(client, allowed);
      await delay(beatMs);
    }
    client.destroy();
  }

  #isImpatient(): boolean {
    const [oldest] = this.#unanswered.values();
    return oldest !== undefined && performance.now() - oldest.sentMs > this.#options.patienceMs;
  }

  #sendAgain(client: MqttRawClient): void {
    const packets = [...this.#unanswered].map(([packetId, waiting]) => {
      waiting.sentMs = performance.now();
      return this.#packet(packetId, waiting.sequence, true);
    });
    if (packets.length > 0) client.send(Buffer.concat(packets));
  }

  #sendNew(client: MqttRawClient, allowed: number): number {
    const packets: Buffer[] = [];
    const { inFlightMax } = this.#options;
    while (packets.length < allowed && !this.#isFinishing && this.#unanswered.size < inFlightMax) {
      const sequence = this.#nextSequence++;
      const packetId = (sequence % 65_535) + 1;
      this.#unanswered.set(packetId, { sequence, sentMs: performance.now() });
      packets.push(this.#packet(packetId, sequence, false));
    }
    if (packets.length > 0) client.send(Buffer.concat(packets));
    return packets.length;
  }

  #packet(packetId: number, sequence: number, dup: boolean): Buffer {
    const { history, topics, payloadBytes } = this.#options;
    history.sent(sequence, performance.now());
    const identity = { writer: history.id, sequence, attempt: this.#attempt };
    const topic = `${this.name}/${sequence % topics}`;
    return publishPacket({
      ...{ topic, payload: payloadOf(identity, payloadBytes), qos: 1, packetId, dup },
    });
  }

  #take({ type, body }: ReceivedPacket, { node }: Entrance): void {
    if (type !== packetTypes.puback) return;
    const packetId = body.readUInt16BE(0);
    const waiting = this.#unanswered.get(packetId);
    const [oldest] = this.#unanswered.keys();
    // [MQTT-4.6.0-2]: in the order of their PUBLISHes.
    if (oldest !== packetId) {
      this.complaints.push(`${this.name}: PUBACK ${packetId} from node ${node}, not ${oldest}`);
    }
    if (waiting === undefined) return;
    this.#unanswered.delete(packetId);
    this.#options.history.acknowledged(waiting.sequence, performance.now(), node);
  }
}
