import { MqttRawClient, packetTypes } from './mqtt-raw-client.ts';
import { releaseQos2, walkQos2 } from './qos2-steps.ts';

/** What a client owes after a reconnect: PUBLISH again, PUBREL again, or nothing. */
export type Qos2Debt = 'publish' | 'release' | 'nothing';

export interface Qos2PublisherOptions {
  readonly port: number;
  /** Default: loopback. */
  readonly host?: string;
  /** Also the prefix of its readings: `<clientId>-0`, `<clientId>-1`, ... */
  readonly clientId: string;
}

const packetId = 7;

/**
 * A sensor with a persistent session and one packet identifier, which each reading uses anew. It
 * keeps what the standard makes it keep, and after a crash goes on as the standard says
 * [MQTT-4.4.0-1].
 */
export class Qos2Publisher {
  /** Readings whose hand-over began. */
  readonly readings: string[] = [];
  debt: Qos2Debt = 'nothing';
  /** PUBREL went out since PUBREC came: whether the other side still has the identifier is open. */
  mayBeReleased = false;
  readonly #options: Qos2PublisherOptions;
  #client: MqttRawClient | undefined;

  constructor(options: Qos2PublisherOptions) {
    this.#options = options;
  }

  /** @returns session present */
  async connect(): Promise<boolean> {
    const { port, clientId } = this.#options;
    const connected = await MqttRawClient.connect({ port, clientId, cleanSession: false });
    this.#client = connected.client;
    return connected.sessionPresent;
  }

  /** Begins a new reading and returns once PUBLISH is sent. */
  async begin(): Promise<void> {
    this.readings.push(`${this.#options.clientId}-${this.readings.length}`);
    this.debt = 'publish';
    await walkQos2(this.#connected(), this.#publish(false), 'publishSent');
  }

  /** Waits for PUBREC. */
  async takeRec(): Promise<void> {
    await this.#connected().receive(packetTypes.pubrec, packetId);
    this.debt = 'release';
    this.mayBeReleased = false;
  }

  /** Returns once PUBREL is sent. */
  async release(): Promise<void> {
    this.mayBeReleased = true;
    await releaseQos2(this.#connected(), packetId, 'pubrelSent');
  }

  /** Waits for PUBCOMP. */
  async takeComp(): Promise<void> {
    await this.#connected().receive(packetTypes.pubcomp, packetId);
    this.debt = 'nothing';
  }

  /** The whole of it. */
  async handOver(): Promise<void> {
    await this.begin();
    await this.takeRec();
    await this.release();
    await this.takeComp();
  }

  /** Pays its debt. */
  async resume(): Promise<void> {
    if (this.debt === 'publish') {
      await walkQos2(this.#connected(), this.#publish(true), 'publishSent');
      await this.takeRec();
    }
    if (this.debt === 'release') {
      await this.release();
      await this.takeComp();
    }
  }

  destroy(): void {
    this.#client?.destroy();
  }

  #publish(dup: boolean): { packetId: number; topic: string; payload: string; dup: boolean } {
    const topic = `qos2/${this.#options.clientId}`;
    return { packetId, topic, payload: this.readings.at(-1) ?? '', dup };
  }

  #connected(): MqttRawClient {
    if (this.#client === undefined) throw new Error('not connected');
    return this.#client;
  }
}
