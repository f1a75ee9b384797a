import { setTimeout as delay } from 'node:timers/promises';
import type { WriterHistory } from '../history/client-history.ts';
import { payloadOf } from '../history/identity.ts';
import { MqttRawClient, packetTypes } from '../../integration/harness/mqtt-raw-client.ts';
import { releaseQos2, walkQos2 } from '../../integration/harness/qos2-steps.ts';
import type { EntranceRing } from './entrance-ring.ts';
import type { Entrance, LoadWriter } from './load-writer.ts';

export interface Qos2Options {
  readonly history: WriterHistory;
  readonly entrances: EntranceRing;
  readonly payloadBytes: number;
  /** Between two readings. */
  readonly pauseMs: number;
  readonly patienceMs: number;
}

const packetId = 11;
const backoffMs = 100;

/**
 * A sensor at QoS 2 with a persistent session and one packet identifier, which each reading uses
 * anew. It takes its session to the next node when its own falls silent, and goes on where the
 * standard says [MQTT-4.4.0-1].
 */
export class Qos2Writer implements LoadWriter {
  readonly name: string;
  readonly complaints: string[] = [];
  readonly #options: Qos2Options;
  readonly #run: Promise<void>;
  #client: MqttRawClient | undefined;
  #sequence = 0;
  /** What it owes for the present reading. */
  #debt: 'nothing' | 'publish' | 'release' = 'nothing';
  /** PUBREL went out since PUBREC came: whether the node still has the identifier is open. */
  #mayBeReleased = false;
  #isFinishing = false;
  #isAbandoned = false;

  constructor(options: Qos2Options) {
    this.#options = options;
    this.name = `w${options.history.id}`;
    this.#run = this.#live();
  }

  async finish(msMax: number): Promise<Error | undefined> {
    this.#isFinishing = true;
    const ended = await Promise.race([this.#run.then(() => true), delay(msMax, false)]);
    if (ended) return undefined;
    const debt = this.#debt;
    await this.abandon();
    return new Error(`${this.name}: owed ${debt} for ${msMax} ms`);
  }

  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    this.#client?.destroy();
    await this.#run;
  }

  get #isDone(): boolean {
    return this.#isAbandoned || (this.#isFinishing && this.#debt === 'nothing');
  }

  async #live(): Promise<void> {
    while (!this.#isDone) {
      const entrance = this.#options.entrances.next();
      try {
        await this.#visit(entrance);
      } catch {
        await delay(backoffMs);
      }
      this.#client?.destroy();
    }
  }

  async #visit(entrance: Entrance): Promise<void> {
    const { host, port } = entrance;
    const { patienceMs, pauseMs } = this.#options;
    const { client, sessionPresent } = await MqttRawClient.connect({
      ...{ host, port, clientId: this.name, cleanSession: false, msMax: patienceMs },
    });
    this.#client = client;
    if (this.#debt === 'release' && !this.#mayBeReleased && !sessionPresent) {
      const what = `node ${entrance.node} has lost the session with reading ${this.#sequence}`;
      this.complaints.push(`${this.name}: ${what}`);
    }
    while (!this.#isDone) {
      await this.#handOver(client, entrance);
      await delay(pauseMs);
    }
  }

  async #handOver(client: MqttRawClient, { node }: Entrance): Promise<void> {
    const { history, payloadBytes, patienceMs } = this.#options;
    if (this.#debt !== 'release') {
      const dup = this.#debt === 'publish';
      const identity = { writer: history.id, sequence: this.#sequence, attempt: 0 };
      const payload = payloadOf(identity, payloadBytes);
      this.#debt = 'publish';
      history.sent(this.#sequence, performance.now());
      await walkQos2(client, { packetId, topic: `${this.name}/2`, payload, dup }, 'publishSent');
      await client.receive(packetTypes.pubrec, packetId, patienceMs);
      history.acknowledged(this.#sequence, performance.now(), node);
      this.#debt = 'release';
      this.#mayBeReleased = false;
    }
    this.#mayBeReleased = true;
    await releaseQos2(client, packetId, 'pubrelSent');
    await client.receive(packetTypes.pubcomp, packetId, patienceMs);
    this.#debt = 'nothing';
    this.#sequence += 1;
  }
}
