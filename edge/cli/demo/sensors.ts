import { setTimeout as delay } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';

export interface SensorsOptions {
  readonly port: number;
  /** Readings per second over all sensors. */
  readonly rate: number;
  /** Part of every identity, so that runs do not count each other's readings. */
  readonly runId: string;
}

const connectionCount = 5;
const sensorsPerConnection = 4;
const tickMs = 20;
/** Past it the sensors wait for PUBACKs, as real ones would. */
const inFlightMax = 10_000;

/**
 * Simulated sensors: a few MQTT connections that publish JSON readings with QoS 1, each with its
 * own identity.
 */
export class Sensors {
  /** Identities of readings that got their PUBACK. */
  readonly acked = new Set<string>();
  published = 0;
  readonly #clients: readonly MqttClient[];
  readonly #options: SensorsOptions;
  #failed = 0;

  private constructor(clients: readonly MqttClient[], options: SensorsOptions) {
    this.#clients = clients;
    this.#options = options;
  }

  static async connect(options: SensorsOptions): Promise<Sensors> {
    const { connectAsync } = await import('mqtt');
    const clients = await Promise.all(
      Array.from({ length: connectionCount }, (_, index) =>
        connectAsync(`mqtt://127.0.0.1:${options.port}`, {
          clientId: `demo-${options.runId}-${index}`,
          // No second sending: a reading that is there twice would then be our doing.
          reconnectPeriod: 0,
          connectTimeout: 10_000,
        }),
      ),
    );
    for (const client of clients) client.on('error', () => {});
    return new Sensors(clients, options);
  }

  /** Readings on their way to a PUBACK. */
  get inFlight(): number {
    return this.published - this.acked.size - this.#failed;
  }

  /** Publishes at the rate for so many seconds, or until `signal`. */
  async publishFor(seconds: number, signal: AbortSignal): Promise<void> {
    const { rate } = this.#options;
    const startMs = performance.now();
    const total = Math.floor(seconds * rate);
    while (this.published < total && !signal.aborted) {
      const elapsedMs = performance.now() - startMs;
      if (elapsedMs > seconds * 1_000 && this.inFlight >= inFlightMax) return;
      const due = Math.min(total, Math.ceil((elapsedMs * rate) / 1_000));
      while (this.published < due && this.inFlight < inFlightMax) this.#publishNext();
      if (this.#clients.every((client) => !client.connected)) return;
      await delay(tickMs);
    }
  }

  /** Waits until nothing is on its way, at most `msMax`. */
  async settle(msMax: number): Promise<void> {
    const deadline = Date.now() + msMax;
    while (this.inFlight > 0 && Date.now() < deadline) await delay(tickMs);
  }

  async disconnect(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.endAsync(true)));
  }

  #publishNext(): void {
    const sequence = this.published;
    this.published += 1;
    const sensor = sequence % (connectionCount * sensorsPerConnection);
    const identity = `${this.#options.runId}-${sequence}`;
    const client = this.#clients[sensor % connectionCount];
    client?.publish(
      `plant/press-${sensor}/climate`,
      reading(identity, sensor),
      { qos: 1 },
      (error) => {
        if (error) this.#failed += 1;
        else this.acked.add(identity);
      },
    );
  }
}

const reading = (identity: string, sensor: number): string => {
  const phase = Date.now() / 60_000 + sensor;
  return JSON.stringify({
    id: identity,
    sensor: `press-${sensor}`,
    time: new Date().toISOString(),
    temperatureC: round(21 + 4 * Math.sin(phase) + Math.random()),
    humidityPercent: round(45 + 10 * Math.cos(phase) + Math.random()),
    vibrationMmPerS: round(2 + Math.random()),
  });
};

const round = (value: number): number => Math.round(value * 100) / 100;

/** The identity in a reading of this run, or undefined for what is not ours. */
export const identityIn = (value: string, runId: string): string | undefined => {
  const identity = /"id":"([^"]+)"/.exec(value)?.[1];
  return identity?.startsWith(`${runId}-`) === true ? identity : undefined;
};
