import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { quantile } from '../probe-disk.ts';
import { pubackCounter, connectPacket, publishPacket } from './mqtt-packets.ts';

/** What the load process shall do. */
export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  /** Unanswered publishes of each connection at most. */
  readonly inFlight: number;
  readonly payloadBytes: number;
  /** Publishes a second over all connections; 0: as many as are answered. */
  readonly ratePerSecond: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What came of it, in the time after warming up. */
export interface LoadResult {
  readonly acked: number;
  readonly perSecond: number;
  readonly ackMsP50: number;
  readonly ackMsP99: number;
}

const settleMsMax = 10_000;

/** Publishes with QoS 1 and waits for every PUBACK. Rejects when a connection is lost. */
export async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const load = new Load(order);
  await load.connect();
  const startMs = performance.now();
  const measureFrom = startMs + order.warmUpMs;
  const end = measureFrom + order.measureMs;
  load.measureFrom = measureFrom;
  while (performance.now() < end) {
    load.publishDue(performance.now() - startMs);
    await delay(1);
    load.check();
  }
  load.isOver = true;
  for (let left = settleMsMax; load.unanswered > 0 && left > 0; left -= 10) await delay(10);
  load.close();
  const seconds = order.measureMs / 1_000;
  const sorted = load.ackMs.toSorted((a, b) => a - b);
  return {
    acked: sorted.length,
    perSecond: Math.round(load.ackedInTime / seconds),
    ackMsP50: quantile(sorted, 0.5),
    ackMsP99: quantile(sorted, 0.99),
  };
}

interface Sender {
  readonly socket: Socket;
  readonly topic: string;
  /** When each unanswered publish left, oldest first: PUBACKs come in their order. */
  readonly sentMs: number[];
  nextId: number;
}

class Load {
  readonly ackMs: number[] = [];
  ackedInTime = 0;
  measureFrom = 0;
  isOver = false;
  readonly #order: LoadOrder;
  readonly #payload: Buffer;
  readonly #senders: Sender[] = [];
  #published = 0;
  #lost: string | undefined;

  constructor(order: LoadOrder) {
    this.#order = order;
    this.#payload = Buffer.alloc(order.payloadBytes, 'r');
  }

  get unanswered(): number {
    return this.#senders.reduce((sum, sender) => sum + sender.sentMs.length, 0);
  }

  async connect(): Promise<void> {
    for (let i = 0; i < this.#order.connections; i++) this.#senders.push(await this.#open(i));
  }

  /** With a rate: what is due by now, the sensors in turn. Without: every window full. */
  publishDue(elapsedMs: number): void {
    const { ratePerSecond, connections } = this.#order;
    if (ratePerSecond === 0) {
      if (this.#published === 0) for (const sender of this.#senders) this.#fill(sender);
      return;
    }
    const due = Math.floor((elapsedMs * ratePerSecond) / 1_000);
    while (this.#published < due) {
      const sender = this.#senders[this.#published % connections] as Sender;
      // A window that is full is a node that is too slow: what is due then is not made up for.
      if (sender.sentMs.length < this.#order.inFlight) this.#publish(sender);
      else this.#published++;
    }
  }

  check(): void {
    if (this.#lost !== undefined) throw new Error(this.#lost);
  }

  close(): void {
    for (const { socket } of this.#senders) socket.destroy();
  }

  async #open(index: number): Promise<Sender> {
    const socket = connect(this.#order.port, '127.0.0.1');
    socket.setNoDelay(true);
    await once(socket, 'connect');
    socket.write(connectPacket(`bench-${index}`));
    // CONNACK has four bytes, and nothing else comes before the first publish.
    const [connack] = (await once(socket, 'data')) as [Buffer];
    if (connack[0] !== 0x20 || connack[3] !== 0) throw new Error('the node refused a connection');
    const sender: Sender = { socket, topic: `bench/press-${index}/climate`, sentMs: [], nextId: 1 };
    const countAcks = pubackCounter();
    socket.on('data', (chunk: Buffer) => this.#acked(sender, countAcks(chunk)));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (!this.isOver) this.#lost = 'the node closed a connection';
    });
    return sender;
  }

  #acked(sender: Sender, count: number): void {
    const nowMs = performance.now();
    for (const sentMs of sender.sentMs.splice(0, count)) {
      if (sentMs < this.measureFrom) continue;
      this.ackMs.push(nowMs - sentMs);
    }
    if (!this.isOver && nowMs >= this.measureFrom) this.ackedInTime += count;
    if (this.#order.ratePerSecond === 0 && !this.isOver) this.#fill(sender);
  }

  #fill(sender: Sender): void {
    sender.socket.cork();
    while (sender.sentMs.length < this.#order.inFlight) this.#publish(sender);
    sender.socket.uncork();
  }

  #publish(sender: Sender): void {
    sender.socket.write(publishPacket(sender.topic, sender.nextId, this.#payload));
    sender.sentMs.push(performance.now());
    sender.nextId = (sender.nextId % 65_535) + 1;
    this.#published++;
  }
}
