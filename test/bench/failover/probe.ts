import { setTimeout as delay } from 'node:timers/promises';
import {
  MqttRawClient,
  packetTypes,
  publishPacket,
} from '../../integration/harness/mqtt-raw-client.ts';
import type { EntranceRing } from '../../cluster/load/entrance-ring.ts';

export interface ProbeOptions {
  readonly name: string;
  readonly entrances: EntranceRing;
  readonly mqttTopic: string;
  readonly partition: number;
  /** Between a PUBACK and the next reading. */
  readonly pauseMs: number;
}

/** What one probe saw of one fault. */
export interface ProbeView {
  /** From the fault to the PUBACK of the first publish that was sent after it; -1: none yet. */
  readonly firstMs: number;
  /** The longest wait for a PUBACK since the fault, one that goes on included. */
  readonly stallMs: number;
  /** How long the reading that is on its way has been; 0 between two. */
  readonly waitingMs: number;
}

const retryMs = 5;
const patienceMs = 5_000;

/**
 * A sensor that publishes to one partition, one reading after the other, and goes to the next node
 * as soon as its connection falls. One connection for each partition, since PUBACKs of a connection
 * wait for each other.
 */
export class Probe {
  readonly partition: number;
  readonly #options: ProbeOptions;
  readonly #run: Promise<void>;
  #client: MqttRawClient | undefined;
  #isStopping = false;
  #faultMs = Infinity;
  #firstMs = -1;
  #stallMs = 0;
  /** When the reading that is on its way was begun, or the next one will be. */
  #dueMs = performance.now();
  acked = 0;
  /** How long the last PUBACK took. */
  lastMs = 0;

  constructor(options: ProbeOptions) {
    this.partition = options.partition;
    this.#options = options;
    this.#run = this.#live();
  }

  /** A fault begins now. */
  mark(): void {
    this.#faultMs = performance.now();
    this.#firstMs = -1;
    this.#stallMs = 0;
  }

  get view(): ProbeView {
    const nowMs = performance.now();
    const openMs = nowMs - Math.max(this.#dueMs, this.#faultMs);
    return {
      firstMs: this.#firstMs,
      stallMs: Math.max(this.#stallMs, openMs),
      waitingMs: Math.max(0, nowMs - this.#dueMs),
    };
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#client?.destroy();
    await this.#run;
  }

  async #live(): Promise<void> {
    while (!this.#isStopping) {
      const { host, port } = this.#options.entrances.next();
      try {
        const clientId = this.#options.name;
        const connected = await MqttRawClient.connect({ host, port, clientId, msMax: patienceMs });
        this.#client = connected.client;
        for (let packetId = 1; !this.#isStopping; packetId = (packetId % 65_535) + 1) {
          await this.#publish(connected.client, packetId);
        }
      } catch {
        await delay(retryMs);
      }
      this.#client?.destroy();
    }
  }

  /** A reading that is not answered is begun once, over however many connections it goes. */
  async #publish(client: MqttRawClient, packetId: number): Promise<void> {
    // Who loses its connection between two readings connects anew before the next one.
    await Promise.race([delay(Math.max(0, this.#dueMs - performance.now())), client.closed()]);
    const { mqttTopic: topic, name } = this.#options;
    const sentMs = performance.now();
    client.send(publishPacket({ topic, payload: name.padEnd(64), qos: 1, packetId }));
    await client.receive(packetTypes.puback, packetId, patienceMs);
    const nowMs = performance.now();
    this.acked += 1;
    this.lastMs = nowMs - sentMs;
    if (nowMs >= this.#faultMs) {
      const waitedMs = nowMs - Math.max(this.#dueMs, this.#faultMs);
      this.#stallMs = Math.max(this.#stallMs, waitedMs);
    }
    if (this.#firstMs < 0 && sentMs >= this.#faultMs) this.#firstMs = nowMs - this.#faultMs;
    this.#dueMs = nowMs + this.#options.pauseMs;
  }
}
