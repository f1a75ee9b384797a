import { leaderEpoch, monotonicMs, timestampMs, uuid } from '../../src/base/brand.ts';
import type { ConnectionId } from '../../src/base/brand.ts';
import { present } from '../../src/base/assert.ts';
import { Prng } from '../../src/base/prng.ts';
import { apis } from '../../src/client/kafka/api.ts';
import { Forwarder } from '../../src/core/forward/forwarder.ts';
import type { ForwarderEffect, ForwarderEvent } from '../../src/core/forward/forwarder.ts';
import type { ForwarderSettings } from '../../src/core/forward/settings.ts';
import type {
  DropRecord,
  ForwardAsk,
  ForwardDecision,
  ForwardMark,
  ForwardStatus,
  ForwarderToNode,
} from '../../src/core/forward/supervision.ts';
import { buildLeaderChangeBatch } from '../../src/wire/kafka/control-record.ts';
import { FrameSplitter } from '../../src/wire/kafka/frame.ts';
import { decodeRequest, readRequestStart } from '../../src/wire/kafka/header.ts';
import { RecordBatchBuilder } from '../../src/wire/kafka/record-batch-builder.ts';
import { encodeRecordHeaders } from '../../src/wire/kafka/record-headers.ts';
import { nodeCompression } from '../../cloud-sync/compression.ts';
import { FakeCentral, type FakeCentralOptions } from './fake-central.ts';

/** What happens to one request on its way to central. */
export type Fault =
  | 'none'
  | 'lose'
  | 'loseReply'
  | { readonly stallMs: number }
  | { readonly heldUntil: () => boolean };

interface Scheduled {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

interface Wire {
  readonly server: FakeCentral;
  readonly splitter: FrameSplitter;
  readonly owner: RunningForwarder;
  readonly connection: ConnectionId;
  isOpen: boolean;
  freeAt: number;
}

export interface RunningForwarder {
  readonly name: string;
  readonly nodeId: number;
  readonly forwarder: Forwarder;
  readonly wires: Map<ConnectionId, Wire>;
  isAlive: boolean;
  timer: number;
  statuses: readonly ForwardStatus[];
  readonly heard: ForwarderToNode[];
  isFinished: boolean;
}

const centralPort = 2;
const edgePortOf = (nodeId: number): number => 10 + nodeId;
const clusterId = uuid('00000000-0000-4000-8000-0000000000aa');

/** The forwarder between two fake Kafkas in virtual time: one seed, one run. */
export class ForwardWorld {
  now = 1_000;
  readonly prng: Prng;
  /** Node 1. */
  readonly edge: FakeCentral;
  /** All nodes, by id. */
  readonly nodes = new Map<number, FakeCentral>();
  readonly central: FakeCentral;
  readonly settings: ForwarderSettings;
  readonly marks = new Map<number, ForwardMark>();
  readonly written = new Map<number, string[]>();
  readonly drops = new Map<number, readonly DropRecord[]>();
  decision: ForwardDecision | undefined;
  /** What the node says to `ForwardAsked`. */
  mayForward: (ask: ForwardAsk) => boolean = () => true;
  /** Until then the node does not answer this `ForwardAsked`. */
  answers: (ask: ForwardAsk) => boolean = () => true;
  fault: (name: string) => Fault = () => 'none';
  isCentralUp = true;
  /** What the way to central carries, of all connections together; Infinity: at once. */
  centralBytesPerMs = Infinity;
  readonly #narrow: { readonly wire: Wire; readonly frame: Uint8Array }[] = [];
  #isNarrowBusy = false;
  readonly #events: Scheduled[] = [];
  readonly #nodeOptions: (id: number) => FakeCentralOptions;
  #sequence = 0;

  constructor(
    seed: number,
    changed: Partial<ForwarderSettings> = {},
    centralClusterId = 'central',
  ) {
    this.prng = new Prng(seed);
    const options = (id: string, port: number) => ({
      clusterId: id,
      host: 'fake',
      port,
      now: () => this.now,
      after: (ms: number, run: () => void) => this.after(ms, run),
      markerDelayMs: () => this.prng.below(60),
    });
    this.edge = new FakeCentral(options('edge', edgePortOf(1)));
    this.nodes.set(1, this.edge);
    this.central = new FakeCentral(options(centralClusterId, centralPort));
    this.#nodeOptions = (id) => options('edge', edgePortOf(id));
    this.settings = {
      central: { bootstrap: [`fake:${centralPort}`] },
      delivery: 'exactlyOnce',
      cursorTopic: 'cursors',
      createTopics: false,
      lingerMs: 100,
      batchBytesMax: 100_000,
      compression: 'gzip',
      routes: [{ from: 'sensors', to: 'target' }],
      transactionTimeoutMs: 20_000,
      ...changed,
    };
  }

  /** Topics on both sides; central has fewer partitions where the test says so. */
  createTopics(edgePartitions: number, centralPartitions: number): void {
    this.edge.createTopic('sensors', edgePartitions);
    this.central.createTopic('target', centralPartitions);
    this.central.createTopic('cursors', 3);
    for (let partition = 0; partition < edgePartitions; partition++) this.lead(partition);
  }

  /** Another replica of all edge partitions, which leads none. */
  addNode(nodeId: number): void {
    const node = new FakeCentral(this.#nodeOptions(nodeId));
    this.nodes.set(nodeId, node);
    const { logs } = this.edge.topics.get('sensors') ?? { logs: [] };
    const copies = node.createTopic('sensors', logs.length).logs;
    logs.forEach((log, partition) => copies[partition]?.follow(log));
  }

  /**
   * A node is elected with the whole log of the old leader, in a higher leader epoch; the old one
   * hears of it only if `isHeard`.
   */
  elect(nodeId: number, partition: number, isHeard = true): void {
    const logs = [...this.nodes.values()].map((node) => node.log('sensors', partition));
    const newest = logs.reduce((a, b) => (b.isLed && b.leaderEpoch >= a.leaderEpoch ? b : a));
    const log = present(this.nodes.get(nodeId), 'a known node').log('sensors', partition);
    if (log !== newest) log.follow(newest);
    log.isLed = true;
    this.lead(partition, log);
    if (!isHeard) return;
    for (const other of logs) if (other !== log) other.follow(log);
  }

  /** A new leader epoch of an edge partition, with its control batch. */
  lead(partition: number, log = this.edge.log('sensors', partition)): void {
    log.leaderEpoch++;
    const change = { leaderId: 1, voters: [1], grantingVoters: [1] };
    const place = { baseOffset: 0, leaderEpoch: log.leaderEpoch, timestamp: this.now };
    log.append(buildLeaderChangeBatch(change, place));
  }

  /** Writes one batch of numbered records to an edge partition. */
  write(partition: number, records: number, padding = 0, nodeId = 1): void {
    const list = this.written.get(partition) ?? [];
    this.written.set(partition, list);
    const builder = new RecordBatchBuilder(256);
    const headers = encodeRecordHeaders([{ key: 'h', value: Buffer.from('v') }]);
    for (let i = 0; i < records; i++) {
      const value = `${partition}:${list.length}${'.'.repeat(padding)}`;
      builder.append(this.now, Buffer.from(`k${i}`), Buffer.from(value), headers);
      list.push(value);
    }
    const node = present(this.nodes.get(nodeId), 'a known node');
    node.log('sensors', partition).append(builder.finish());
  }

  start(name: string, nodeId = 1): RunningForwarder {
    const random = { next: () => this.prng.next() };
    const options = { settings: this.settings, random, compression: nodeCompression };
    const running: RunningForwarder = {
      name,
      nodeId,
      forwarder: new Forwarder(options, this.#time()),
      wires: new Map(),
      isAlive: true,
      timer: 0,
      statuses: [],
      heard: [],
      isFinished: false,
    };
    this.dispatch(running, { type: 'Started' });
    this.describe(running);
    return running;
  }

  describe(running: RunningForwarder): void {
    const { nodeId } = running;
    const topic = this.nodes.get(nodeId)?.topics.get('sensors');
    const partitions = (topic?.logs ?? []).flatMap((log, partition) => {
      if (!log.isLed || !log.isEpochCommitted) return [];
      const mark = this.marks.get(partition);
      const described = {
        topic: 'sensors',
        topicId: topic?.topicId ?? clusterId,
        partition,
        leaderEpoch: leaderEpoch(log.leaderEpoch),
        hasPeers: this.nodes.size > 1,
        drops: this.drops.get(partition) ?? [],
        ...(mark === undefined ? {} : { mark }),
        ...(this.decision === undefined ? {} : { decision: this.decision }),
      };
      return [described];
    });
    const kafka = `fake:${edgePortOf(nodeId)}`;
    const word = { type: 'PartitionsDescribed' as const, clusterId, nodeId, kafka, partitions };
    this.dispatch(running, { type: 'NodeSpoke', word });
  }

  /** SIGKILL: what was sent is still on its way. */
  kill(running: RunningForwarder): void {
    running.isAlive = false;
    for (const wire of running.wires.values()) wire.isOpen = false;
  }

  /** A broker restart: every connection to central breaks, nothing stored is lost. */
  breakCentral(runnings: readonly RunningForwarder[]): void {
    for (const running of runnings) {
      for (const wire of [...running.wires.values()]) {
        if (wire.server === this.central) this.#close(wire, 'restarted');
      }
    }
  }

  after(ms: number, run: () => void): void {
    this.#events.push({ at: this.now + ms, sequence: this.#sequence++, run });
  }

  /** Runs for that long, or until `isDone`. Returns whether it was done. */
  run(ms: number, isDone: () => boolean = () => false): boolean {
    const end = this.now + ms;
    for (;;) {
      if (isDone()) return true;
      const next = this.#takeNext();
      if (next === undefined || next.at > end) {
        if (next !== undefined) this.#events.push(next);
        this.now = end;
        return isDone();
      }
      this.now = Math.max(this.now, next.at);
      next.run();
    }
  }

  /** What a read_committed reader of central has of one edge partition, in its order. */
  arrived(partition: number): readonly string[] {
    const logs = this.central.topics.get('target')?.logs ?? [];
    return (logs[partition % logs.length]?.committed() ?? [])
      .map((record) => record.value)
      .filter((value) => value.startsWith(`${partition}:`));
  }

  /** Whether everything that was written has arrived, or more. */
  get isComplete(): boolean {
    return [...this.written].every(([partition, list]) => {
      return this.arrived(partition).length >= list.length;
    });
  }

  dispatch(running: RunningForwarder, event: ForwarderEvent): void {
    if (!running.isAlive) return;
    for (const effect of running.forwarder.step(event, this.#time()))
      this.#execute(running, effect);
    const deadline = running.forwarder.nextDeadline();
    const token = ++running.timer;
    if (deadline === undefined) return;
    this.after(Math.max(0, deadline - this.now), () => {
      if (running.timer === token) this.dispatch(running, { type: 'TimerFired' });
    });
  }

  #time() {
    return { wallMs: timestampMs(this.now), monotonicMs: monotonicMs(this.now) };
  }

  #takeNext(): Scheduled | undefined {
    let best = 0;
    for (let i = 1; i < this.#events.length; i++) {
      const one = this.#events[i] as Scheduled;
      const other = this.#events[best] as Scheduled;
      if (one.at < other.at || (one.at === other.at && one.sequence < other.sequence)) best = i;
    }
    return this.#events.splice(best, 1)[0];
  }

  #execute(running: RunningForwarder, effect: ForwarderEffect): void {
    switch (effect.type) {
      case 'OpenConnection':
        this.#open(running, effect);
        return;
      case 'SendBytes':
        this.#send(running.wires.get(effect.connection), effect.chunks);
        return;
      case 'CloseConnection': {
        const wire = running.wires.get(effect.connection);
        if (wire !== undefined) wire.isOpen = false;
        running.wires.delete(effect.connection);
        return;
      }
      case 'TellNode':
        running.heard.push(effect.word);
        if (effect.word.type === 'ForwardAsked') this.#answer(running, effect.word);
        if (effect.word.type === 'ForwardStatusChanged') running.statuses = effect.word.statuses;
        if (effect.word.type === 'ForwardProgressed') {
          this.marks.set(effect.word.mark.partition, effect.word.mark);
        }
        return;
      case 'Print':
        return;
      case 'Finish':
        running.isFinished = true;
        return;
    }
  }

  #answer(running: RunningForwarder, ask: ForwardAsk): void {
    if (!this.answers(ask)) return this.after(10, () => this.#answer(running, ask));
    const isAllowed = this.mayForward(ask);
    const word = { type: 'ForwardAnswered' as const, askId: ask.askId, isAllowed };
    this.after(1, () => this.dispatch(running, { type: 'NodeSpoke', word }));
  }

  #open(
    owner: RunningForwarder,
    { connection, port }: Extract<ForwarderEffect, { type: 'OpenConnection' }>,
  ): void {
    const nodes = [...this.nodes].find(([id]) => edgePortOf(id) === port);
    const server = nodes?.[1] ?? this.central;
    const splitter = new FrameSplitter(100_000_000);
    const wire = { server, splitter, owner, connection, isOpen: true, freeAt: 0 };
    owner.wires.set(connection, wire);
    this.after(1 + this.prng.below(3), () => {
      if (server === this.central && !this.isCentralUp) this.#close(wire, 'refused');
      else if (wire.isOpen) this.dispatch(owner, { type: 'ConnectionOpened', connection });
    });
  }

  #send(wire: Wire | undefined, chunks: readonly Uint8Array[]): void {
    if (wire === undefined) return;
    for (const chunk of chunks) {
      const frames = wire.splitter.push(chunk);
      for (const frame of frames.ok ? frames.value : []) {
        const isNarrow = wire.server === this.central && this.centralBytesPerMs < Infinity;
        if (!isNarrow) this.#arrive(wire, frame.slice());
        else this.#narrow.push({ wire, frame: frame.slice() });
      }
    }
    this.#carry();
  }

  /** One at a time and in order for each connection, as a broker does it. */
  #arrive(wire: Wire, frame: Uint8Array): void {
    const isCentral = wire.server === this.central;
    const fault = isCentral ? this.fault(FakeCentral.nameOf(frame)) : 'none';
    const stallMs = typeof fault === 'object' && 'stallMs' in fault ? fault.stallMs : 0;
    const wait = 1 + this.prng.below(4) + stallMs + (isCentral ? 0 : parkMs(frame));
    wire.freeAt = Math.max(wire.freeAt, this.now) + wait;
    if (typeof fault === 'object' && 'heldUntil' in fault) this.#hold(wire, frame, fault.heldUntil);
    else this.after(wire.freeAt - this.now, () => this.#serve(wire, frame, fault));
  }

  /** One narrow way for all connections; what a closed one has not sent by then is gone. */
  #carry(): void {
    if (this.#isNarrowBusy) return;
    const next = this.#narrow.shift();
    if (next === undefined) return;
    if (!next.wire.isOpen) return this.#carry();
    this.#isNarrowBusy = true;
    this.after(Math.ceil(next.frame.length / this.centralBytesPerMs), () => {
      this.#isNarrowBusy = false;
      this.#arrive(next.wire, next.frame);
      this.#carry();
    });
  }

  #hold(wire: Wire, frame: Uint8Array, isOver: () => boolean): void {
    wire.freeAt = Infinity;
    const look = (): void => {
      if (isOver()) this.#serve(wire, frame, 'none');
      else this.after(1, look);
    };
    look();
  }

  #serve(wire: Wire, frame: Uint8Array, fault: Fault): void {
    if (fault === 'lose') {
      this.#close(wire, 'lost');
      return;
    }
    // A request that was sent is carried out even if its connection is gone by now.
    const answer = wire.server.handle(frame);
    if (fault === 'loseReply') {
      this.#close(wire, 'lost');
      return;
    }
    const cut = this.prng.chance(0.2) ? this.prng.below(answer.length) : 0;
    const { owner, connection } = wire;
    for (const chunk of [answer.slice(0, cut), answer.slice(cut)]) {
      if (!wire.isOpen || chunk.length === 0) continue;
      this.after(1, () => {
        if (wire.isOpen) this.dispatch(owner, { type: 'BytesReceived', connection, chunk });
      });
    }
  }

  #close(wire: Wire, reason: string): void {
    if (!wire.isOpen) return;
    wire.isOpen = false;
    wire.owner.wires.delete(wire.connection);
    const { connection } = wire;
    this.dispatch(wire.owner, { type: 'ConnectionClosed', connection, reason });
  }
}

/** How long the node parks this request: a long poll is answered a little later. */
function parkMs(frame: Uint8Array): number {
  const start = readRequestStart(frame);
  if (!start.ok || start.value.apiKey !== apis.fetch.key) return 0;
  const request = decodeRequest(apis.fetch, start.value.apiVersion, frame);
  return request.ok && request.value.body.maxWaitMs > 0 ? 100 : 0;
}
