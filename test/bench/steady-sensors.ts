import { setTimeout as delay } from 'node:timers/promises';
import {
  MqttRawClient,
  packetTypes,
  publishPacket,
} from '../integration/harness/mqtt-raw-client.ts';

export interface SteadySensorsOptions {
  readonly port: number;
  /** Each has a connection and a topic of its own. */
  readonly sensors: number;
  readonly payloadBytes: number;
}

const ackMsMax = 10_000;

/** Sensors that publish with QoS 1 one after the other at an even pace, as real ones come. */
export class SteadySensors {
  readonly #clients: readonly MqttRawClient[];
  readonly #payload: Buffer;
  #published = 0;
  #acked = 0;

  private constructor(clients: readonly MqttRawClient[], payloadBytes: number) {
    this.#clients = clients;
    this.#payload = Buffer.alloc(payloadBytes, 'r');
    for (const client of clients) {
      client.onPacket = ({ type }): void => {
        if (type === packetTypes.puback) this.#acked += 1;
      };
    }
  }

  static async connect(options: SteadySensorsOptions): Promise<SteadySensors> {
    const clients: MqttRawClient[] = [];
    for (let i = 0; i < options.sensors; i += 1) {
      const clientId = `steady-${i}`;
      clients.push((await MqttRawClient.connect({ port: options.port, clientId })).client);
    }
    return new SteadySensors(clients, options.payloadBytes);
  }

  /**
   * Publishes `rate` messages a second for so long and waits for every PUBACK; how many there were.
   */
  async publish(rate: number, seconds: number): Promise<number> {
    const before = this.#published;
    const total = Math.round(rate * seconds);
    const startMs = performance.now();
    for (let i = 0; i < total; i += 1) {
      const waitMs = startMs + (i * 1_000) / rate - performance.now();
      if (waitMs > 1) await delay(waitMs);
      this.#publishOne();
    }
    const deadline = performance.now() + ackMsMax;
    while (this.#acked < this.#published) {
      if (performance.now() > deadline) throw new Error('publishes got no PUBACK');
      await delay(5);
    }
    return this.#published - before;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await Promise.all(this.#clients.map((client) => client.closed()));
  }

  #publishOne(): void {
    const sequence = this.#published;
    this.#published += 1;
    const sensor = sequence % this.#clients.length;
    const packetId = (Math.floor(sequence / this.#clients.length) % 65_535) + 1;
    const topic = `plant/press-${sensor}/climate`;
    const packet = publishPacket({ topic, payload: this.#payload, qos: 1, packetId });
    this.#clients[sensor]?.send(packet);
  }
}
