import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'mqtt';
import type { MqttClient } from 'mqtt';
import type { WriterHistory } from '../history/client-history.ts';
import { identityOf, payloadOf } from '../history/identity.ts';
import type { Entrance, LoadWriter } from './load-writer.ts';

export interface MqttJsOptions {
  readonly history: WriterHistory;
  readonly qos: 1 | 2;
  readonly entrances: readonly Entrance[];
  readonly payloadBytes: number;
  readonly inFlightMax: number;
  readonly pauseMs: number;
}

/**
 * A sensor as people write it: mqtt.js with a list of servers and a persistent session. The library
 * connects again, tries the next server and sends again what was not acknowledged.
 */
export class MqttJsWriter implements LoadWriter {
  readonly name: string;
  readonly complaints: string[] = [];
  readonly #options: MqttJsOptions;
  readonly #client: MqttClient;
  readonly #run: Promise<void>;
  #node = -1;
  #waiting = 0;
  #nextSequence = 0;
  #isFinishing = false;

  constructor(options: MqttJsOptions) {
    this.#options = options;
    this.name = `w${options.history.id}`;
    this.#client = connect({
      ...{ clientId: this.name, clean: false, protocol: 'mqtt' },
      servers: options.entrances.map(({ host, port }) => ({ host, port })),
      ...{ reconnectPeriod: 200, connectTimeout: 2_000, keepalive: 2 },
    });
    this.#client.on('error', () => {});
    this.#client.on('packetsend', (packet) => {
      if (packet.cmd !== 'publish') return;
      const identity = identityOf(packet.payload.toString());
      if (identity !== undefined) options.history.sent(identity.sequence, performance.now());
    });
    this.#client.on('connect', () => {
      const { host, port } = this.#client.options;
      this.#node =
        options.entrances.find((one) => one.host === host && one.port === port)?.node ?? -1;
    });
    this.#run = this.#publish();
  }

  async finish(msMax: number): Promise<Error | undefined> {
    this.#isFinishing = true;
    const deadline = Date.now() + msMax;
    while (this.#waiting > 0 && Date.now() < deadline) await delay(50);
    const left = this.#waiting;
    await this.abandon();
    if (left === 0) return undefined;
    return new Error(`${this.name}: ${left} publishes of mqtt.js had no answer for ${msMax} ms`);
  }

  async abandon(): Promise<void> {
    this.#isFinishing = true;
    await this.#run;
    await this.#client.endAsync(true);
  }

  async #publish(): Promise<void> {
    const { history, qos, payloadBytes, inFlightMax, pauseMs } = this.#options;
    while (!this.#isFinishing) {
      await delay(pauseMs);
      if (this.#waiting >= inFlightMax || !this.#client.connected) continue;
      const sequence = this.#nextSequence++;
      this.#waiting += 1;
      const payload = payloadOf({ writer: history.id, sequence, attempt: 0 }, payloadBytes);
      this.#client.publish(`${this.name}/js`, payload, { qos }, (error) => {
        this.#waiting -= 1;
        // It never went out: the library lost its connection while older ones went again.
        if (error) return;
        history.acknowledged(sequence, performance.now(), this.#node);
      });
    }
  }
}
