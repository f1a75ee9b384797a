import { setTimeout as delay } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';

export interface RoamingSensorOptions {
  readonly clientId: string;
  /** MQTT ports of the nodes, the first one to go to first. */
  readonly ports: readonly number[];
}

/** One reading, whose text names how often it was sent. */
export interface Reading {
  readonly topic: string;
  readonly text: (sending: number) => string;
  readonly acked: () => void;
}

interface Unanswered extends Reading {
  sendings: number;
}

const retryMs = 50;
const connectTimeoutMs = 2_000;
const keepaliveSeconds = 2;

/**
 * One MQTT connection at QoS 1. When it falls it goes to the next node and sends again, in the old
 * order, what had no PUBACK; each sending says which one it is, so that a copy that nobody sent can
 * be told from one that QoS 1 allows.
 */
export class RoamingSensor {
  readonly #options: RoamingSensorOptions;
  readonly #unanswered = new Set<Unanswered>();
  #client: MqttClient | undefined;
  #next = 0;
  #isStopping = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(options: RoamingSensorOptions) {
    this.#options = options;
  }

  /** Connected for the first time. */
  static async connect(options: RoamingSensorOptions): Promise<RoamingSensor> {
    const sensor = new RoamingSensor(options);
    await sensor.#connect();
    return sensor;
  }

  /** Readings without a PUBACK. */
  get waiting(): number {
    return this.#unanswered.size;
  }

  publish(reading: Reading): void {
    const unanswered = { ...reading, sendings: 0 };
    this.#unanswered.add(unanswered);
    if (this.#client?.connected === true) this.#send(this.#client, unanswered);
  }

  async disconnect(): Promise<void> {
    this.#isStopping = true;
    await this.#client?.endAsync(true);
    await this.#loop;
  }

  /** Throws if the node does not answer. */
  async #connect(): Promise<void> {
    const { clientId, ports } = this.#options;
    const port = ports[this.#next % ports.length] ?? 0;
    this.#next += 1;
    const { connectAsync } = await import('mqtt');
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
      clientId,
      // It sends again by itself, to another node.
      reconnectPeriod: 0,
      connectTimeout: connectTimeoutMs,
      keepalive: keepaliveSeconds,
    });
    client.on('error', () => {});
    if (!client.connected) throw new Error('it fell at once');
    client.once('close', () => {
      if (!this.#isStopping) this.#loop = this.#roam();
    });
    this.#client = client;
    for (const unanswered of this.#unanswered) this.#send(client, unanswered);
  }

  async #roam(): Promise<void> {
    while (!this.#isStopping) {
      try {
        return await this.#connect();
      } catch {
        await delay(retryMs);
      }
    }
  }

  #send(client: MqttClient, unanswered: Unanswered): void {
    unanswered.sendings += 1;
    client.publish(unanswered.topic, unanswered.text(unanswered.sendings), { qos: 1 }, (error) => {
      if (error || !this.#unanswered.delete(unanswered)) return;
      unanswered.acked();
    });
  }
}
