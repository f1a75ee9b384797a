import { leaderEpoch, monotonicMs, offset, timestampMs, uuid } from '../../../../src/base/brand.ts';
import type { MonotonicMs } from '../../../../src/base/brand.ts';
import { utf8Decode, utf8Encode } from '../../../../src/base/bytes.ts';
import { present } from '../../../../src/base/assert.ts';
import type { ErrorCode } from '../../../../src/base/errors.ts';
import { Prng } from '../../../../src/base/prng.ts';
import type { ProduceOutcome } from '../../../../src/core/kafka/broker-view.ts';
import type { SendOutcome } from '../../../../src/core/produce/produce-ports.ts';
import { ProduceQueues } from '../../../../src/core/produce/produce-queues.ts';
import { ProducerState } from '../../../../src/core/produce/producer-state.ts';
import type { ProducerBatch } from '../../../../src/ports/recovered-log.ts';
import { RecordBatchBuilder } from '../../../../src/wire/kafka/record-batch-builder.ts';
import {
  isBatchCrcValid,
  readRecordBatchHeader,
  stampBatch,
} from '../../../../src/wire/kafka/record-batch-header.ts';
import { iterateRecords } from '../../../../src/wire/kafka/record-iterator.ts';
import { noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';
import { lastSequenceOf } from '../../../../src/wire/kafka/sequence.ts';

export const target = {
  topic: 'sensors',
  topicId: uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b01'),
  partition: 0,
};

/** One batch, or a leader's LeaderChange (no values), in a node's log. */
interface Entry {
  readonly epoch: number;
  readonly values: readonly string[];
  readonly batch: ProducerBatch | undefined;
}

interface LogNode {
  readonly id: number;
  log: Entry[];
  state: ProducerState;
  /** The epoch that it believes to lead in. */
  leads: number | undefined;
  /** The last one that it was elected for. */
  lastLed: number;
  waiters: { readonly end: number; readonly done: (outcome: ProduceOutcome) => void }[];
}

interface Call {
  readonly batch: Uint8Array;
  isAnswered: boolean;
  readonly done: (outcome: SendOutcome) => void;
}

interface Link {
  calls: Call[];
  answers: { readonly call: Call; readonly outcome: ProduceOutcome }[];
  /** Calls of broken connections that a strict node may still read. */
  ghosts: Uint8Array[];
}

/** Whether a refusal comes before the append (19, 56) or after it (20, 7). */
const refusals: readonly ErrorCode[] = [
  'NOT_ENOUGH_REPLICAS',
  'KAFKA_STORAGE_ERROR',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
];

/** A leader of three nodes' logs, in as far as a producer can tell, and this node's queues. */
export class ProduceWorld {
  readonly draw: Prng;
  readonly queues: ProduceQueues;
  readonly nodes: readonly LogNode[];
  readonly outcomes = new Map<string, ProduceOutcome>();
  readonly pushed: string[] = [];
  /** Batches of each id were given away, to links and to the local log. */
  sends = 0;
  known: number | undefined;
  refusalChance = 0.1;
  /** An unknown producer must begin at 0; else its first batch is taken as it is (KIP-360). */
  isStrict = true;
  nowMs = 0;
  readonly #links = new Map<number, Link>();
  #committed: Entry[] = [];
  #epoch = 0;
  #knownEpoch = 0;
  #leader = 1;
  #nextProducerId = 100n;
  readonly #seen = new Set<Call>();
  producedHere: (batch: Uint8Array) => void = () => undefined;
  /** Ids may be short: none is at hand now and then. */
  idlessChance = 0;
  /** Arrays that the local log holds, with the place that was stamped into them. */
  readonly #ownBatches: { readonly bytes: Uint8Array; readonly place: number }[] = [];

  constructor(seed: number) {
    this.draw = new Prng(seed);
    this.nodes = [1, 2, 3].map((id) => ({
      ...{ id, log: [], state: new ProducerState(), leads: undefined, lastLed: 0, waiters: [] },
    }));
    for (const { id } of this.nodes) {
      this.#links.set(id, { calls: [], answers: [], ghosts: [] });
    }
    this.queues = new ProduceQueues({
      nodeId: 1,
      local: () => this.#local(),
      leaderOf: () => this.known,
      send: (nodeId, { batch }, done) => {
        this.sends++;
        this.#link(nodeId).calls.push({ batch, isAnswered: false, done });
      },
      allocateProducerId: () =>
        this.draw.chance(this.idlessChance) ? undefined : this.#nextProducerId++,
      now: () => this.now,
    });
    this.queues.producerId = 9n;
  }

  get now(): MonotonicMs {
    return monotonicMs(this.nowMs);
  }

  get leader(): number {
    return this.#leader;
  }

  /** Values of the committed log, in order. */
  get committed(): string[] {
    return this.#committed.flatMap(({ values }) => values);
  }

  /** Closes a batch with these values and hands it over, as the batcher does. */
  push(values: readonly string[], isGone: (value: string) => boolean = () => false): void {
    const queue = this.queues.ingest(target);
    const triple = queue.nextTriple();
    this.pushed.push(...values);
    const waiters = values.map((value) => ({
      settled: () => undefined,
      get isGone() {
        return isGone(value);
      },
    }));
    queue.push(batchOf(values, triple ?? {}), triple, waiters, (outcome) => {
      for (const value of values) {
        if (this.outcomes.has(value)) throw new Error(`${value} is told twice`);
        this.outcomes.set(value, outcome);
      }
    });
  }

  /** The local log's arrays are its own: nobody stamps another place into them. */
  checkOwnBatches(): void {
    for (const { bytes, place } of this.#ownBatches) {
      const header = readRecordBatchHeader(bytes);
      if (!header.ok || header.value.baseOffset !== place) throw new Error('a log was changed');
    }
  }

  /** A node leads from now on; the one before does not know yet. */
  elect(id: number): boolean {
    const node = this.node(id);
    if (!this.#hasCommitted(node)) return false;
    this.#leader = id;
    this.#return(node);
    if (id === 1) this.#knownEpoch = this.#epoch + 1;
    node.leads = ++this.#epoch;
    node.lastLed = node.leads;
    node.log.push({ epoch: this.#epoch, values: [], batch: undefined });
    return true;
  }

  /** A node hears that it does not lead any more, or not in that epoch. */
  depose(id: number): void {
    if (id === this.#leader) return;
    const node = this.node(id);
    node.leads = undefined;
    this.#return(node);
  }

  /** A follower takes the leader's log up to some batch, and so may commit it. */
  replicate(id: number, batches = Infinity): void {
    const leader = this.node(this.#leader);
    const node = this.node(id);
    if (node === leader) return;
    this.depose(id);
    const same = leader.log.findIndex((entry, i) => node.log[i] !== entry);
    const from = same < 0 ? leader.log.length : same;
    node.log = leader.log.slice(0, Math.min(from + batches, leader.log.length));
    node.state = stateOf(node.log);
    this.#commit(leader, node.log.length);
  }

  deliver(id: number): boolean {
    const call = this.#link(id).calls.find(({ isAnswered }) => !isAnswered);
    if (call === undefined) return false;
    call.isAnswered = true;
    const answer = (outcome: ProduceOutcome): void =>
      void this.#link(id).answers.push({ call, outcome });
    if (this.node(id).leads === undefined) {
      answer({ ok: false, error: 'NOT_LEADER_OR_FOLLOWER' });
      return true;
    }
    const refusal = this.draw.chance(this.refusalChance) ? this.draw.pick(refusals) : undefined;
    if (refusal === 'NOT_ENOUGH_REPLICAS' || refusal === 'KAFKA_STORAGE_ERROR') {
      answer({ ok: false, error: refusal });
    } else if (refusal !== undefined) {
      this.#append(this.node(id), call.batch, () => undefined);
      answer({ ok: false, error: refusal });
    } else this.#append(this.node(id), call.batch, answer);
    return true;
  }

  /** Calls on the way to a node that were not asked for before. */
  takeCalls(id: number): readonly Call[] {
    const { calls } = this.#link(id);
    const fresh = calls.filter((call) => !this.#seen.has(call));
    for (const call of fresh) this.#seen.add(call);
    return fresh;
  }

  /** The node answers its oldest call so. */
  refuse(id: number, error: ErrorCode): void {
    const link = this.#link(id);
    const call = present(link.calls.shift(), 'a call');
    call.done({ ok: false, error });
  }

  /** The oldest answer on the way from that node arrives. */
  answer(id: number): boolean {
    const link = this.#link(id);
    const answer = link.answers.shift();
    if (answer === undefined) return false;
    link.calls = link.calls.filter((call) => call !== answer.call);
    answer.call.done(answer.outcome);
    return true;
  }

  /** What is unanswered is unknown; what was not read yet may still be, or is lost. */
  breakLink(id: number): void {
    const { calls, ghosts } = this.#link(id);
    const unread = calls.filter(({ isAnswered }) => !isAnswered).map(({ batch }) => batch.slice());
    const kept = this.isStrict ? this.draw.below(unread.length + 1) : 0;
    this.#links.set(id, { calls: [], answers: [], ghosts: [...ghosts, ...unread.slice(0, kept)] });
    for (const { done } of calls) done('unknown');
  }

  ghost(id: number): boolean {
    const batch = this.#link(id).ghosts.shift();
    if (batch === undefined) return false;
    const node = this.node(id);
    if (node.leads !== undefined) this.#append(node, batch, () => undefined);
    return true;
  }

  /** Who is said to lead; never one of an older epoch than before (as a replica has it). */
  learn(id: number | undefined): void {
    if (id !== undefined) {
      const { lastLed } = this.node(id);
      if (lastLed === 0 || lastLed < this.#knownEpoch) return;
      this.#knownEpoch = lastLed;
      if (id !== 1) this.depose(1);
    }
    this.known = id;
    this.queues.leaderChanged(target.topicId, target.partition);
  }

  sleep(ms: number): void {
    this.nowMs += ms;
    this.queues.tick(this.now);
  }

  /** Nothing fails any more: all that can move moves. */
  heal(): void {
    this.refusalChance = 0;
    for (const { id } of this.nodes) {
      this.#link(id).ghosts = [];
      this.depose(id);
    }
    this.learn(this.#leader);
    for (let i = 0; i < 200 && this.outcomes.size < this.pushed.length; i++) {
      for (const { id } of this.nodes) {
        while (this.deliver(id));
        this.replicate(id);
        while (this.answer(id));
      }
      this.sleep(100);
    }
  }

  node(id: number): LogNode {
    return present(this.nodes[id - 1], 'a node');
  }

  #link(id: number): Link {
    return present(this.#links.get(id), 'a link');
  }

  #local() {
    const node = this.node(1);
    const produce = (batch: Uint8Array, done: (outcome: ProduceOutcome) => void): void => {
      this.sends++;
      this.producedHere(batch);
      // As a partition does it: into the array that it was given.
      const place = offset(node.log.length);
      stampBatch(batch, 0, place, leaderEpoch(node.leads ?? -1));
      this.#append(node, batch, done);
      if (node.log.length > place) this.#ownBatches.push({ bytes: batch, place });
    };
    return { isLeader: node.leads !== undefined, produce, produceOfSession: produce };
  }

  #append(node: LogNode, bytes: Uint8Array, done: (outcome: ProduceOutcome) => void): void {
    const { batch, values } = readBatch(bytes, node.log.length);
    const isStrange =
      this.isStrict && !node.state.knows(batch.producerId) && batch.baseSequence !== 0;
    const verdict = node.state.check(batch);
    const wait = (outcome: ProduceOutcome): void => {
      this.#wait(node, () => done(outcome), done);
      this.#release(node);
    };
    if (isStrange) return done({ ok: false, error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
    if (verdict.type === 'error') return done({ ok: false, error: verdict.error });
    if (verdict.type === 'duplicate') return wait(stored(verdict.baseOffset));
    if (verdict.type === 'forgottenDuplicate') {
      return wait({ ok: false, error: 'DUPLICATE_SEQUENCE_NUMBER' });
    }
    const base = node.log.length;
    node.log.push({ epoch: node.leads ?? -1, values, batch });
    node.state.appended(batch);
    return this.#wait(node, () => done(stored(base)), done);
  }

  #wait(node: LogNode, released: () => void, failed: (outcome: ProduceOutcome) => void): void {
    const done = (outcome: ProduceOutcome): void => (outcome.ok ? released() : failed(outcome));
    node.waiters.push({ end: node.log.length, done });
  }

  /** C5: what waits for a leader that is none any more goes back. */
  #return(node: LogNode): void {
    const waiters = node.waiters;
    node.waiters = [];
    for (const { done } of waiters) done({ ok: false, error: 'NOT_LEADER_OR_FOLLOWER' });
  }

  #hasCommitted({ log }: LogNode): boolean {
    return this.#committed.every((entry, i) => log[i] === entry);
  }

  /** C2: only past the leader's own first batch. */
  #commit(leader: LogNode, end: number): void {
    if (leader.log[end - 1]?.epoch !== leader.leads) return;
    if (end > this.#committed.length) this.#committed = leader.log.slice(0, end);
    this.#release(leader);
  }

  /** C5: only by a high watermark that the node set as leader of the present epoch. */
  #release(node: LogNode): void {
    if (node.id !== this.#leader || !this.#committed.some(({ epoch }) => epoch === node.leads)) {
      return;
    }
    const released = node.waiters.filter(({ end }) => end <= this.#committed.length);
    node.waiters = node.waiters.filter(({ end }) => end > this.#committed.length);
    for (const { done } of released) done(stored(0));
  }
}

const stored = (base: number): ProduceOutcome => ({
  ok: true,
  baseOffset: offset(base),
  logStartOffset: offset(0),
});

export function batchOf(values: readonly string[], identity: object): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const value of values) {
    builder.append(timestampMs(1), undefined, utf8Encode(value), noRecordHeaders);
  }
  return builder.finish(identity);
}

export function readBatch(
  bytes: Uint8Array,
  base = 0,
): { readonly batch: ProducerBatch; readonly values: readonly string[] } {
  const read = readRecordBatchHeader(bytes);
  const header = present(read.ok ? read.value : undefined, 'a batch');
  if (!isBatchCrcValid(bytes, header)) throw new Error('a batch with a wrong CRC');
  const records = iterateRecords(bytes, header);
  const iterator = present(records.ok ? records.value : undefined, 'records');
  const values: string[] = [];
  while (iterator.next()) values.push(utf8Decode(iterator.value() ?? new Uint8Array()));
  const { producerId, producerEpoch, baseSequence, maxTimestamp: timestamp } = header;
  const lastSequence = lastSequenceOf(header);
  const place = { baseOffset: offset(base), lastOffset: offset(base), timestamp };
  return { batch: { producerId, producerEpoch, baseSequence, lastSequence, ...place }, values };
}

const stateOf = (log: readonly Entry[]): ProducerState =>
  ProducerState.recover(
    [],
    log.flatMap(({ batch }) => (batch === undefined ? [] : [batch])),
  );
