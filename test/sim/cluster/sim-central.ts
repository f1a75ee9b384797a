import type { Prng } from '../../../src/base/prng.ts';
import { FrameSplitter } from '../../../src/wire/kafka/frame.ts';
import { FakeCentral } from '../../fakes/fake-central.ts';
import { Violation, type CommittedRecord } from './committed-logs.ts';
import type { EndEvents, SimTcp, TcpEnd } from './sim-tcp.ts';
import type { VirtualTime } from './virtual-time.ts';

export const centralHost = 99;
const lateMsMin = 500;
const lateMsMax = 4_000;

/**
 * The central Kafka, and what must be in it: of each partition of the cluster, all that is
 * committed, once and in order, as a read_committed reader has it.
 */
export class SimCentral {
  readonly fake: FakeCentral;
  readonly #time: VirtualTime;
  readonly #net: SimTcp;
  readonly #random: Prng;
  readonly #partitions: number;
  /** Values by partition of the cluster, in the order of its log. */
  readonly #expected = new Map<number, string[]>();
  readonly #partitionOf = new Map<string, number>();
  /** A frame takes its time; one connection's come in order. */
  readonly #busyUntil = new Map<TcpEnd, number>();
  /** The share of requests to end a transaction that nobody is told the outcome of. */
  unclearEnds = 0;
  /** The forwarder of that host dies over it. */
  killForwarder: ((host: number) => void) | undefined;
  #late: (() => void)[] = [];

  constructor(time: VirtualTime, net: SimTcp, random: Prng) {
    this.#time = time;
    this.#net = net;
    this.#random = random;
    this.#partitions = 1 + random.below(3);
    this.fake = new FakeCentral({
      ...{ clusterId: 'central', host: 'central', port: centralHost },
      now: () => time.nowMs,
      after: (ms, run) => time.after(ms, run),
      markerDelayMs: () => random.below(60),
    });
    this.fake.createTopic('target', this.#partitions);
    this.fake.createTopic('cursors', 3);
    this.open();
  }

  /** A broker restart: connections break, nothing stored is lost. */
  close(): void {
    this.#net.processEnded(centralHost, false);
  }

  open(): void {
    this.#net.listen(centralHost, 'kafka', (end) => this.#accept(end));
  }

  committed({ topic, partition, value }: CommittedRecord): void {
    if (topic !== 'sensors') return;
    const values = this.#expected.get(partition) ?? [];
    this.#expected.set(partition, values);
    values.push(value);
    this.#partitionOf.set(value, partition);
  }

  /** Records that are there. Throws where one is twice, out of order, or not of the cluster. */
  check(): number {
    const arrived = new Map<number, number>();
    const { logs } = this.fake.topics.get('target') ?? { logs: [] };
    for (const [index, log] of logs.entries()) {
      for (const { value, offset } of log.committed()) {
        const partition = this.#partitionOf.get(value);
        if (partition === undefined) throw new Violation(`central has ${value}, never committed`);
        const count = arrived.get(partition) ?? 0;
        const expected = this.#expected.get(partition)?.[count];
        if (expected !== value || partition % this.#partitions !== index) {
          throw new Violation(
            `central ${index}@${offset} has ${value} where ${expected} of sensors-${partition} is due`,
          );
        }
        arrived.set(partition, count + 1);
      }
    }
    return [...arrived.values()].reduce((sum, count) => sum + count, 0);
  }

  /** What is missing, for people. */
  get missing(): string | undefined {
    const arrived = this.check();
    const expected = [...this.#expected.values()].reduce((sum, { length }) => sum + length, 0);
    return arrived === expected ? undefined : `central has ${arrived} of ${expected} records`;
  }

  #accept(end: TcpEnd): EndEvents {
    const splitter = new FrameSplitter(1 << 24);
    return {
      received: (chunk) => {
        if (!(chunk instanceof Uint8Array)) throw new Error('central speaks no MQTT');
        const frames = splitter.push(chunk);
        if (!frames.ok) throw new Error(`central was sent ${frames.error}`);
        for (const frame of frames.value) this.#serve(end, frame.slice());
      },
      closed: () => void this.#busyUntil.delete(end),
    };
  }

  /** Carried out even if its connection is gone by then. */
  #serve(end: TcpEnd, frame: Uint8Array): void {
    const { nowMs } = this.#time;
    const at = Math.max(nowMs, this.#busyUntil.get(end) ?? 0) + this.#random.next() * 4;
    this.#busyUntil.set(end, at);
    this.#time.after(at - nowMs, () => this.#handle(end, frame));
  }

  #handle(end: TcpEnd, frame: Uint8Array): void {
    const name = FakeCentral.nameOf(frame);
    if (name === 'EndTxn' && this.#random.chance(this.unclearEnds)) return this.#leave(end, frame);
    // What came by another connection long ago may come just before, or within a transaction.
    if (name === 'InitProducerId' && this.#random.chance(0.5)) this.#runLate();
    end.send([this.fake.handle(frame)]);
    if (name === 'Produce' && this.#random.chance(0.2)) this.#runLate();
  }

  /** X3: lost on its way, carried out late, or carried out and not answered. */
  #leave(end: TcpEnd, frame: Uint8Array): void {
    const host = end.peer?.host;
    const way = this.#random.pick(['lost', 'late', 'unanswered'] as const);
    if (way === 'unanswered') this.fake.handle(frame);
    if (way === 'late') {
      this.#late.push(() => this.fake.handle(frame));
      this.#time.after(lateMsMin + this.#random.next() * lateMsMax, () => this.#runLate());
    }
    end.close();
    if (host === undefined || this.#random.chance(0.5)) return;
    this.#time.after(this.#random.next() * 300, () => this.killForwarder?.(host));
  }

  #runLate(): void {
    const late = this.#late;
    this.#late = [];
    for (const run of late) run();
  }
}
