import { setTimeout as delay } from 'node:timers/promises';
import { Latencies } from './latencies.ts';
import { MqttRawClient, packetTypes, pingPacket, publishPacket } from './mqtt-raw-client.ts';

export interface PacedOptions {
  readonly port: number;
  readonly name: string;
  readonly clients: number;
  /** Publishes a second, of all clients together. */
  readonly rate: number;
  readonly payloadBytes?: number;
}

interface Paced {
  readonly index: number;
  readonly client: MqttRawClient;
  /** By packet identifier: what was sent when. */
  readonly unanswered: Map<number, { readonly payload: string; readonly sentMs: number }>;
  pingedMs: number | undefined;
  sequence: number;
}

const beatMs = 10;
const pingMs = 1_000;

/**
 * Sensors that publish at an even pace at QoS 1, ping every second and never connect again: a
 * connection that falls is counted.
 */
export class PacedPublishers {
  readonly puback = new Latencies();
  readonly pingresp = new Latencies();
  readonly acked = new Set<string>();
  readonly sent = new Set<string>();
  readonly #options: PacedOptions;
  readonly #all: Paced[] = [];
  #isStopped = false;
  #fallen: number | undefined;
  #run: Promise<void> = Promise.resolve();

  private constructor(options: PacedOptions) {
    this.#options = options;
  }

  static async start(options: PacedOptions): Promise<PacedPublishers> {
    const publishers = new PacedPublishers(options);
    for (let from = 0; from < options.clients; from += 50) {
      const many = Math.min(50, options.clients - from);
      await Promise.all(Array.from({ length: many }, (_, i) => publishers.#connect(from + i)));
    }
    publishers.#run = publishers.#publish();
    return publishers;
  }

  /** Connections that fell before `stop` ended them. */
  get disconnected(): number {
    return this.#fallen ?? this.#all.filter(({ client }) => client.isClosed).length;
  }

  /** Pings without an answer for longer than this. */
  unansweredPings(ms: number): number {
    const before = performance.now() - ms;
    return this.#all.filter(({ pingedMs }) => pingedMs !== undefined && pingedMs < before).length;
  }

  /** Stops publishing and waits for what is still unanswered. */
  async stop(msMax = 15_000): Promise<void> {
    this.#isStopped = true;
    await this.#run;
    const deadline = Date.now() + msMax;
    const isWaiting = (): boolean => this.#all.some(({ unanswered }) => unanswered.size > 0);
    while (isWaiting() && Date.now() < deadline) await delay(20);
    this.#fallen = this.disconnected;
    for (const { client } of this.#all) client.destroy();
  }

  async #connect(index: number): Promise<void> {
    const { port, name } = this.#options;
    const clientId = `${name}-${index}`;
    const localAddress = `127.0.1.${1 + (index % 200)}`;
    const { client } = await MqttRawClient.connect({ port, clientId, localAddress, keepAlive: 10 });
    const paced: Paced = { index, client, unanswered: new Map(), pingedMs: undefined, sequence: 0 };
    client.onPacket = ({ type, body }): void => {
      if (type === packetTypes.pingresp) this.#pinged(paced);
      if (type === packetTypes.puback) this.#acknowledged(paced, body.readUInt16BE(0));
    };
    this.#all.push(paced);
  }

  async #publish(): Promise<void> {
    const { rate } = this.#options;
    const startedMs = performance.now();
    let published = 0;
    let nextPing = 0;
    while (!this.#isStopped) {
      const elapsedMs = performance.now() - startedMs;
      for (const due = (elapsedMs / 1_000) * rate; published < due; published++) {
        this.#send(this.#all[published % this.#all.length] as Paced);
      }
      const pings = (elapsedMs / pingMs) * this.#all.length;
      for (; nextPing < pings; nextPing++)
        this.#ping(this.#all[nextPing % this.#all.length] as Paced);
      await delay(beatMs);
    }
  }

  #send(paced: Paced): void {
    if (paced.client.isClosed) return;
    const { name, payloadBytes = 64 } = this.#options;
    const { index } = paced;
    const packetId = (paced.sequence % 65_535) + 1;
    const payload = `${name}-${index}-${paced.sequence++}`;
    this.sent.add(payload);
    paced.unanswered.set(packetId, { payload, sentMs: performance.now() });
    const padded = payload.padEnd(payloadBytes, ' ');
    paced.client.send(publishPacket({ topic: `soak/${index}`, payload: padded, qos: 1, packetId }));
  }

  #ping(paced: Paced): void {
    if (paced.client.isClosed || paced.pingedMs !== undefined) return;
    paced.pingedMs = performance.now();
    paced.client.send(pingPacket());
  }

  #pinged(paced: Paced): void {
    if (paced.pingedMs !== undefined) this.pingresp.add(performance.now() - paced.pingedMs);
    paced.pingedMs = undefined;
  }

  #acknowledged(paced: Paced, packetId: number): void {
    const answered = paced.unanswered.get(packetId);
    if (answered === undefined) return;
    paced.unanswered.delete(packetId);
    this.acked.add(answered.payload);
    this.puback.add(performance.now() - answered.sentMs);
  }
}
