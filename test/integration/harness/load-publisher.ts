import { setTimeout as delay } from 'node:timers/promises';
import { MqttRawClient, packetTypes, publishPacket } from './mqtt-raw-client.ts';
import type { ReceivedPacket } from './mqtt-raw-client.ts';

export interface LoadOptions {
  readonly port: number;
  /** Prefix of client ids and payloads: unique for each publisher of a test. */
  readonly name: string;
  readonly connections?: number;
  /** Of each connection. */
  readonly inFlight: number;
  readonly payloadBytes?: number;
  /** Stops by itself once that many have a PUBACK; default: only by `stop`. */
  readonly ackedMax?: number;
  readonly mqttTopicOf?: (connection: number, sequence: number) => string;
  /** Told of each PUBACK at once. */
  readonly onAcked?: (identity: string) => void;
}

/**
 * Keeps a window of QoS 1 publishes full over raw connections, and reconnects after each loss.
 * Every payload is unique and is sent once: what had no PUBACK when the connection fell is
 * `uncertain` and never sent again, so a duplicate in the log is never the publisher's.
 */
export class LoadPublisher {
  /** Payload identities with a PUBACK. */
  readonly acked = new Set<string>();
  /** Sent, and the connection fell before a PUBACK: in the log or not. */
  readonly uncertain = new Set<string>();
  /** PUBACKs that named no identifier in flight, or came out of order: must stay 0. */
  misplacedAcks = 0;
  readonly #options: LoadOptions;
  readonly #flights: Flight[];
  readonly #runs: Promise<void>;
  #stopping = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    const count = options.connections ?? 1;
    this.#flights = Array.from({ length: count }, (_, connection) => new Flight(connection));
    this.#runs = Promise.all(this.#flights.map((flight) => this.#run(flight))).then(() => {});
  }

  /** Publishes without an answer now. */
  get inFlight(): number {
    return this.#flights.reduce((sum, flight) => sum + flight.unanswered.size, 0);
  }

  get isConnected(): boolean {
    return this.#flights.every((flight) => flight.client?.isClosed === false);
  }

  /** Settles when `ackedMax` is reached or `stop` was called, and every connection is closed. */
  finished(): Promise<void> {
    return this.#runs;
  }

  /** Sends nothing more, waits at most `msMax` for PUBACKs, then disconnects. */
  async stop(msMax = 10_000): Promise<void> {
    this.#stopping = true;
    const deadline = Date.now() + msMax;
    while (this.inFlight > 0 && this.isConnected && Date.now() < deadline) await delay(10);
    for (const flight of this.#flights) flight.client?.destroy();
    await this.#runs;
  }

  get #isDone(): boolean {
    return this.#stopping || this.acked.size >= (this.#options.ackedMax ?? Infinity);
  }

  async #run(flight: Flight): Promise<void> {
    while (!this.#isDone) {
      const client = await this.#connect(flight);
      if (client === undefined) {
        await delay(20);
        continue;
      }
      flight.client = client;
      client.onPacket = (packet): void => this.#take(flight, packet);
      client.onChunkEnd = (): void => this.#fill(flight);
      this.#fill(flight);
      await client.closed();
      for (const identity of flight.unanswered.values()) this.uncertain.add(identity);
      flight.unanswered.clear();
    }
  }

  async #connect(flight: Flight): Promise<MqttRawClient | undefined> {
    const clientId = `${this.#options.name}-${flight.connection}`;
    try {
      return (await MqttRawClient.connect({ port: this.#options.port, clientId })).client;
    } catch {
      return undefined;
    }
  }

  /** Sends as many as the window has room for, in one write. */
  #fill(flight: Flight): void {
    const packets: Buffer[] = [];
    while (flight.unanswered.size < this.#options.inFlight && !this.#isDone) {
      packets.push(this.#next(flight));
    }
    if (packets.length > 0) flight.client?.send(Buffer.concat(packets));
    if (this.#isDone && flight.unanswered.size === 0) flight.client?.destroy();
  }

  #next(flight: Flight): Buffer {
    const sequence = flight.nextSequence;
    flight.nextSequence += 1;
    const packetId = (sequence % 65_535) + 1;
    const identity = `${this.#options.name}-${flight.connection}-${sequence}`;
    flight.unanswered.set(packetId, identity);
    const topic =
      this.#options.mqttTopicOf?.(flight.connection, sequence) ??
      `load/${this.#options.name}-${flight.connection}/${sequence % 16}`;
    const payload = identity.padEnd(this.#options.payloadBytes ?? 0, ' ');
    return publishPacket({ topic, payload, qos: 1, packetId });
  }

  #take(flight: Flight, packet: ReceivedPacket): void {
    if (packet.type !== packetTypes.puback) return;
    const packetId = packet.body.readUInt16BE(0);
    const identity = flight.unanswered.get(packetId);
    const [oldest] = flight.unanswered.keys();
    // [MQTT-4.6.0-2]: in the order of their PUBLISHes.
    if (identity === undefined || oldest !== packetId) this.misplacedAcks += 1;
    if (identity === undefined) return;
    flight.unanswered.delete(packetId);
    this.acked.add(identity);
    this.#options.onAcked?.(identity);
  }
}

class Flight {
  readonly connection: number;
  client: MqttRawClient | undefined;
  nextSequence = 0;
  /** Packet identifier to payload identity, in the order sent. */
  readonly unanswered = new Map<number, string>();

  constructor(connection: number) {
    this.connection = connection;
  }
}
