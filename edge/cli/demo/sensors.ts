import { setTimeout as delay } from 'node:timers/promises';
import { RoamingSensor } from './roaming-sensor.ts';

export interface SensorsOptions {
  /** MQTT ports of the nodes; sensors begin at different ones. */
  readonly ports: readonly number[];
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
  readonly #clients: readonly RoamingSensor[];
  readonly #options: SensorsOptions;

  private constructor(clients: readonly RoamingSensor[], options: SensorsOptions) {
    this.#clients = clients;
    this.#options = options;
  }

  static async connect(options: SensorsOptions): Promise<Sensors> {
    const { ports, runId } = options;
    const clients = await Promise.all(
      Array.from({ length: connectionCount }, (_, index) => {
        const first = index % ports.length;
        return RoamingSensor.connect({
          clientId: `demo-${runId}-${index}`,
          ports: [...ports.slice(first), ...ports.slice(0, first)],
        });
      }),
    );
    return new Sensors(clients, options);
  }

  /** Readings on their way to a PUBACK. */
  get inFlight(): number {
    return this.#clients.reduce((sum, { waiting }) => sum + waiting, 0);
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
      await delay(tickMs);
    }
  }

  /** Waits until nothing is on its way, at most `msMax`. */
  async settle(msMax: number): Promise<void> {
    const deadline = Date.now() + msMax;
    while (this.inFlight > 0 && Date.now() < deadline) await delay(tickMs);
  }

  async disconnect(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.disconnect()));
  }

  #publishNext(): void {
    const sequence = this.published;
    this.published += 1;
    const sensor = sequence % (connectionCount * sensorsPerConnection);
    const identity = `${this.#options.runId}-${sequence}`;
    const client = this.#clients[sensor % connectionCount];
    client?.publish({
      topic: `plant/press-${sensor}/climate`,
      text: (sending) => reading(identity, sensor, sending),
      acked: () => this.acked.add(identity),
    });
  }
}

const reading = (identity: string, sensor: number, sending: number): string => {
  const phase = Date.now() / 60_000 + sensor;
  return JSON.stringify({
    id: identity,
    sending,
    sensor: `press-${sensor}`,
    time: new Date().toISOString(),
    temperatureC: round(21 + 4 * Math.sin(phase) + Math.random()),
    humidityPercent: round(45 + 10 * Math.cos(phase) + Math.random()),
    vibrationMmPerS: round(2 + Math.random()),
  });
};

const round = (value: number): number => Math.round(value * 100) / 100;

/** What a reading says of itself. */
export interface SentReading {
  readonly identity: string;
  /** Which sending of it this copy is, from 1. */
  readonly sending: number;
}

/** What a reading of this run says of itself, or undefined for what is not ours. */
export const readingIn = (value: string, runId: string): SentReading | undefined => {
  const [, identity, sending] = /"id":"([^"]+)","sending":(\d+)/.exec(value) ?? [];
  if (identity?.startsWith(`${runId}-`) !== true) return undefined;
  return { identity, sending: Number(sending) };
};
