import type { Prng } from '../../../src/base/prng.ts';
import type { MqttPacket } from './mqtt-packet.ts';
import type { Guarantee, ReadingLedger } from './reading-ledger.ts';
import type { SimTcp, TcpEnd } from './sim-tcp.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface MqttClientOptions {
  readonly time: VirtualTime;
  readonly net: SimTcp;
  readonly random: Prng;
  readonly ledger: ReadingLedger;
  readonly host: number;
  readonly clientId: string;
  /** Nodes that take clients. */
  readonly nodes: readonly number[];
  readonly clean: boolean;
  /** Of the publishes: how likely each QoS is. */
  readonly qosShares: readonly [number, number, number];
  readonly everyMs: number;
  readonly windowMax: number;
  /** Leaves for another node without a word, so often a minute. */
  readonly roams: number;
  /** For people. */
  readonly say: (text: string) => void;
}

interface Reading {
  readonly packetId: number;
  readonly qos: 1 | 2;
  readonly mqttTopic: string;
  readonly text: string;
  isReceived: boolean;
  readonly sentMs: number;
}

const patienceMs = 20_000;
const connackMs = 12_000;
const topicsMax = 2;

const guarantees: readonly Guarantee[] = ['atMostOnce', 'atLeastOnce', 'exactlyOnce'];

/**
 * A sensor that publishes at QoS 0, 1 and 2, goes to another node when it loses its own, and sends
 * again in order what was not acknowledged.
 */
export class MqttClient {
  readonly #options: MqttClientOptions;
  /** By packet identifier, in the order of sending. */
  #inFlight = new Map<number, Reading>();
  readonly #backlog: Omit<Reading, 'packetId'>[] = [];
  #end: TcpEnd | undefined;
  #isAccepted = false;
  #isConnecting = false;
  #number = 0;
  #connections = 0;
  readonly #topics: readonly string[];
  isPublishing = true;

  constructor(options: MqttClientOptions) {
    this.#options = options;
    const { time, random, everyMs, clientId } = options;
    this.#topics = Array.from({ length: topicsMax }, (_, i) => `plant/${clientId}/${i}`);
    time.after(random.next() * everyMs, () => this.#tick());
    this.#connectSoon();
  }

  /** To another node, with all that is in flight. */
  roam(): void {
    this.#lose();
  }

  get isIdle(): boolean {
    return this.#inFlight.size === 0 && this.#backlog.length === 0;
  }

  get state(): string {
    const { clientId } = this.#options;
    const first = this.#inFlight.values().next().value;
    const isUp = this.#end !== undefined && this.#isAccepted;
    const held = `${this.#inFlight.size} in flight, ${this.#backlog.length} behind`;
    return `${clientId} ${isUp ? 'connected' : 'not connected'}, ${held}, first ${first?.text}`;
  }

  #tick(): void {
    const { time, random, everyMs, roams } = this.#options;
    if (this.isPublishing) this.#publish();
    this.#loseIfStuck();
    if (this.isPublishing && random.chance((roams * everyMs) / 60_000)) this.#lose();
    time.after(everyMs * (0.5 + random.next()), () => this.#tick());
  }

  #publish(): void {
    const { random, qosShares, clientId, ledger, time } = this.#options;
    const luck = random.next() * (qosShares[0] + qosShares[1] + qosShares[2]);
    const qos = luck < qosShares[0] ? 0 : luck < qosShares[0] + qosShares[1] ? 1 : 2;
    const mqttTopic = this.#topics[random.below(topicsMax)] ?? '';
    const number = ++this.#number;
    const text = `${clientId}-${number} at ${qos}`;
    const guarantee = guarantees[qos] ?? 'atMostOnce';
    const stream = qos === 0 ? this.#looseStream(mqttTopic) : `${mqttTopic} at ${qos}`;
    ledger.sent(text, { guarantee, key: mqttTopic, stream, number });
    if (qos === 0) return this.#send({ type: 'publish', packetId: 0, qos, mqttTopic, text });
    this.#backlog.push({ qos, mqttTopic, text, isReceived: false, sentMs: time.nowMs });
    this.#fillWindow();
  }

  #fillWindow(): void {
    const { windowMax } = this.#options;
    while (this.#isAccepted && this.#inFlight.size < windowMax) {
      const next = this.#backlog.shift();
      if (next === undefined) return;
      let packetId = 1;
      while (this.#inFlight.has(packetId)) packetId++;
      const reading = { ...next, packetId, sentMs: this.#options.time.nowMs };
      this.#inFlight.set(packetId, reading);
      this.#send({ type: 'publish', ...reading });
    }
  }

  #send(packet: MqttPacket): void {
    if (!this.#isAccepted) return;
    const what = packet.type === 'publish' ? packet.text : '';
    this.#say(`sends ${packet.type} ${'packetId' in packet ? packet.packetId : ''} ${what}`);
    this.#end?.sendPacket(packet);
  }

  #say(text: string): void {
    this.#options.say(`${this.#options.clientId} ${text}`);
  }

  #connectSoon(): void {
    if (this.#isConnecting) return;
    this.#isConnecting = true;
    const { time, random } = this.#options;
    time.after(20 + random.next() * 1_000, () => {
      this.#isConnecting = false;
      this.#connect();
    });
  }

  #connect(): void {
    const { net, random, host, nodes, clientId, clean, time } = this.#options;
    this.#isAccepted = false;
    this.#connections++;
    const node = random.pick(nodes);
    this.#say(`connects to node ${node}`);
    const end: TcpEnd = net.connect(host, node, 'mqtt', {
      opened: () => end.sendPacket({ type: 'connect', clientId, clean }),
      received: (packet) => this.#end === end && this.#received(packet as MqttPacket),
      closed: () => {
        if (this.#end === end) this.#lose();
      },
    });
    this.#end = end;
    time.after(connackMs, () => {
      if (this.#end === end && !this.#isAccepted) this.#lose();
    });
  }

  #received(packet: MqttPacket): void {
    this.#say(`gets ${packet.type} ${'packetId' in packet ? packet.packetId : ''}`);
    switch (packet.type) {
      case 'connack':
        return this.#accepted();
      case 'puback':
        return this.#settled(packet.packetId, 1);
      case 'pubrec':
        return this.#stored(packet.packetId);
      case 'pubcomp':
        return this.#settled(packet.packetId, 2);
      default:
        throw new Error(`a sensor gets no ${packet.type}`);
    }
  }

  #accepted(): void {
    this.#isAccepted = true;
    for (const reading of this.#inFlight.values()) {
      const { packetId, isReceived } = reading;
      this.#send(isReceived ? { type: 'pubrel', packetId } : { type: 'publish', ...reading });
    }
    this.#fillWindow();
  }

  #stored(packetId: number): void {
    const reading = this.#inFlight.get(packetId);
    if (reading?.qos !== 2) return;
    this.#options.ledger.acknowledge(reading.text);
    reading.isReceived = true;
    this.#send({ type: 'pubrel', packetId });
  }

  #settled(packetId: number, qos: 1 | 2): void {
    const reading = this.#inFlight.get(packetId);
    if (reading?.qos !== qos) return;
    if (qos === 1) this.#options.ledger.acknowledge(reading.text);
    this.#inFlight.delete(packetId);
    this.#fillWindow();
  }

  #loseIfStuck(): void {
    const first = this.#inFlight.values().next().value;
    if (first === undefined || !this.#isAccepted) return;
    if (this.#options.time.nowMs - first.sentMs > patienceMs) {
      // Since then it waits on this connection; the next one has its own patience.
      const { nowMs } = this.#options.time;
      const all = [...this.#inFlight].map(([id, one]) => [id, { ...one, sentMs: nowMs }] as const);
      this.#inFlight = new Map(all);
      this.#lose();
    }
  }

  /** What QoS 0 leaves behind with a lost connection may come any time, or never. */
  #looseStream(mqttTopic: string): string {
    return `${mqttTopic} at 0 on ${this.#connections}`;
  }

  #lose(): void {
    for (const mqttTopic of this.#topics) {
      this.#options.ledger.loosen(this.#looseStream(mqttTopic));
    }
    const end = this.#end;
    this.#end = undefined;
    this.#isAccepted = false;
    end?.close();
    this.#connectSoon();
  }
}
