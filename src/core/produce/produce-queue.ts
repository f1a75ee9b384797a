import { offset, type MonotonicMs } from '../../base/brand.ts';
import { errorRow, type ErrorCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { Ring } from '../../base/ring.ts';
import type { ProduceOutcome } from '../kafka/broker-view.ts';
import type { IngestIdentity } from './ingest-identity.ts';
import type { LocalLeader, ProducePorts, ProduceTarget, SendOutcome } from './produce-ports.ts';
import type { ProducerTriple } from './producer-triple.ts';
import { deniesBatch } from './produce-refusals.ts';
import { QueuedBatch } from './queued-batch.ts';
import type { RecordWaiter } from './record-waiter.ts';

export interface ProduceQueueOptions {
  readonly target: ProduceTarget;
  readonly ports: ProducePorts;
  /** Undefined: an MQTT session's batches, whose triples are fixed (P5). */
  readonly identity: IngestIdentity | undefined;
  /** It has a time to try again at. */
  readonly waits: (queue: ProduceQueue) => void;
  /** Bytes taken, or (negative) settled. */
  readonly counts: (bytes: number) => void;
}

/** Stored earlier than the leader remembers: committed, nobody knows where (P5). */
const storedBefore: ProduceOutcome = {
  ok: true,
  baseOffset: offset(-1),
  logStartOffset: offset(-1),
};
const timedOut: ProduceOutcome = { ok: false, error: 'REQUEST_TIMED_OUT' };
/** A batch that is refused under fresh triples too is not stored anew for ever. */
const renewalsMax = 2;

/**
 * The batches of one producer on their way to one partition's leader, on this node or another (P1).
 * They keep their order: what is sent and unanswered, then what waits. A refusal, a lost answer and
 * a change of leader call back all that is in flight; it goes again from the lowest one, alone
 * until the first success. Batches that a leader may have never change; the others get their triple
 * when they are sent.
 *
 * Batches for a leader on this node are not counted against the five in flight: their answers
 * cannot get lost, and one that another leader then remembers no more is answered with 46.
 */
export class ProduceQueue {
  readonly target: ProduceTarget;
  readonly #options: ProduceQueueOptions;
  /** In flight, in order; few, and the first is mostly the one that is answered. */
  #sent: QueuedBatch[] = [];
  #waiting = new Ring<QueuedBatch>();
  /** Of batches that were never sent. */
  #unsentRecords = 0;
  /** Where the batches in flight are. */
  #leader: number | undefined;
  #isProbing = false;
  #isPumping = false;
  #retryAt: number | undefined;
  #retryMs: number = limits.produceRetryMsMin;

  constructor(options: ProduceQueueOptions) {
    this.#options = options;
    this.target = options.target;
  }

  get isEmpty(): boolean {
    return this.#sent.length === 0 && this.#head() === undefined;
  }

  /** Its leader is on this node. */
  get isLocal(): boolean {
    return this.#options.ports.local(this.target)?.isLeader === true;
  }

  /** A batch that comes now is sent now; otherwise it may as well grow. */
  get isReady(): boolean {
    if (this.#retryAt !== undefined || this.#waiting.length > 0) return false;
    return this.isLocal ? true : this.#knownLeader() !== undefined && this.#hasRoom(false);
  }

  /** When it tries again; undefined: it waits for an answer, a leader, or nothing. */
  get retryAt(): number | undefined {
    return this.#retryAt;
  }

  /** The triple for the next batch of that queue to be built; a guess that saves a copy. */
  nextTriple(): ProducerTriple | undefined {
    return this.#options.identity?.triple(this.#unsentRecords);
  }

  /**
   * Takes a finished batch. `done` is called once, with a success or a final refusal; the success
   * of a batch stored before has base offset -1. `waiters`: one for each record, kept and thinned
   * out with them (P3); none for a session's batch.
   */
  push(
    bytes: Uint8Array,
    triple: ProducerTriple | undefined,
    waiters: RecordWaiter[],
    done: (outcome: ProduceOutcome) => void,
  ): void {
    const batch = new QueuedBatch(bytes, triple, waiters, done, this.#options.ports.now());
    this.#options.counts(bytes.length);
    this.#unsentRecords += batch.recordCount;
    this.#waiting.push(batch);
    this.#pump();
  }

  /** Another node leads, or the same one anew, or none. */
  leaderChanged(): void {
    this.#retryAt = undefined;
    this.#retryMs = limits.produceRetryMsMin;
    const leader = this.isLocal ? this.#options.ports.nodeId : this.#knownLeader();
    // What is in flight may never be answered.
    if (leader !== undefined) this.#leaderIs(leader);
    this.#pump();
  }

  tick(now: MonotonicMs): void {
    if (this.#retryAt === undefined || now < this.#retryAt) return;
    this.#retryAt = undefined;
    this.#pump();
  }

  /**
   * P3: what came before `before`, was sent to another node and is unanswered is told as failed,
   * and the producer begins anew; of what was never sent, records that nobody waits for go.
   * Batches in the log of this node stay: they are committed or come back. What follows in a
   * session goes with it: the client repeats all of it in order, and under another producer id it
   * would get there first.
   */
  giveUp(before: MonotonicMs): void {
    if (this.isEmpty) return;
    let isSentLost = false;
    let isGivenUp = false;
    const isOfSession = this.#options.identity === undefined;
    const isInOwnLog = this.#leader === this.#options.ports.nodeId;
    for (const batch of [...(isInOwnLog ? [] : this.#sent), ...this.#waiting]) {
      const isBehind = isOfSession && isGivenUp;
      if (batch.isSettled || (batch.queuedAt >= before && !isBehind)) continue;
      const isFixed = batch.isSent || isOfSession;
      if (!isFixed && this.#cutGone(batch)) continue;
      isSentLost ||= batch.isSent;
      isGivenUp = true;
      this.#settle(batch, timedOut);
    }
    if (isSentLost) this.#options.identity?.renew();
    this.#pump();
  }

  #pump(): void {
    // Whoever is told of a batch may bring the next one: the loop below takes it.
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#sendWaiting();
    this.#isPumping = false;
  }

  #sendWaiting(): void {
    if (this.#retryAt !== undefined) return;
    for (let head = this.#head(); head !== undefined; head = this.#head()) {
      const local = this.#options.ports.local(this.target);
      const isLocal = local?.isLeader === true;
      const leader = isLocal ? this.#options.ports.nodeId : this.#knownLeader();
      if (leader === undefined) return;
      if (this.#leaderIs(leader)) continue;
      if (!this.#hasRoom(isLocal) || !this.#mayFollow(head)) return;
      if (!this.#prepare(head)) {
        if (this.#retryAt !== undefined) return;
        continue;
      }
      this.#waiting.shift();
      this.#send(head, local);
      if (this.#retryAt !== undefined) return;
    }
  }

  /** The next batch to send; those that were settled while they waited go. */
  #head(): QueuedBatch | undefined {
    for (let head = this.#waiting.peek(); head?.isSettled; head = this.#waiting.peek()) {
      this.#waiting.shift();
    }
    return this.#waiting.peek();
  }

  #knownLeader(): number | undefined {
    const { ports } = this.#options;
    const leader = ports.leaderOf(this.target);
    return leader === ports.nodeId ? undefined : leader;
  }

  /** @returns whether that is news; what was in flight waits again then. */
  #leaderIs(leader: number): boolean {
    if (leader === this.#leader) return false;
    this.#recall();
    this.#leader = leader;
    // A first batch alone as well: of two, a leader that is not one yet may refuse only the first.
    this.#isProbing ||= leader !== this.#options.ports.nodeId;
    return true;
  }

  #hasRoom(isLocal: boolean): boolean {
    if (this.#isProbing) return this.#sent.length === 0;
    return isLocal || this.#sent.length < limits.produceInFlightMax;
  }

  /** Two producers never overtake each other: the leader orders only batches of one. */
  #mayFollow(batch: QueuedBatch): boolean {
    const { identity } = this.#options;
    if (identity?.isRenewed === false) return true;
    const [first] = this.#sent;
    if (first === undefined) return true;
    if (identity === undefined) return isSameProducer(first.triple, batch.triple);
    const producerId = batch.isSent ? batch.triple?.producerId : identity.producerId();
    return first.triple?.producerId === producerId;
  }

  /** @returns false where it cannot be sent: nothing of it is left, or there is no producer id. */
  #prepare(batch: QueuedBatch): boolean {
    const { identity } = this.#options;
    if (batch.isSent || identity === undefined) return true;
    // An open batch may have grown for a while, so one that comes now is looked at, too.
    if (!this.#cutGone(batch)) {
      this.#settle(batch, timedOut);
      return false;
    }
    const triple = identity.triple(0);
    if (triple === undefined) {
      this.#waitABit();
      return false;
    }
    batch.stamp(triple);
    identity.used(batch.recordCount);
    return true;
  }

  /** @returns whether a record is left. */
  #cutGone(batch: QueuedBatch): boolean {
    const { recordCount, bytes } = batch;
    const isLeft = batch.cutGone();
    this.#unsentRecords -= recordCount - batch.recordCount;
    this.#options.counts(batch.bytes.length - bytes.length);
    return isLeft;
  }

  #send(batch: QueuedBatch, local: LocalLeader | undefined): void {
    if (!batch.isSent) this.#unsentRecords -= batch.recordCount;
    batch.isSent = true;
    this.#sent.push(batch);
    const attempt = ++batch.attempt;
    const done = (outcome: SendOutcome): void => this.#answered(batch, attempt, outcome);
    const { ports, identity } = this.#options;
    const bytes = batch.takeBytes();
    if (local?.isLeader !== true) {
      ports.send(this.#leader ?? ports.nodeId, { ...this.target, batch: bytes }, done);
    } else if (identity === undefined) local.produceOfSession(bytes, done);
    else local.produce(bytes, done);
  }

  #answered(batch: QueuedBatch, attempt: number, outcome: SendOutcome): void {
    if (batch.isSettled) return;
    if (outcome === 'unknown') return this.#refused(batch, attempt, undefined);
    if (outcome.ok) return this.#stored(batch, outcome);
    if (outcome.error === 'DUPLICATE_SEQUENCE_NUMBER') return this.#stored(batch, storedBefore);
    this.#refused(batch, attempt, outcome.error);
  }

  /** @param error undefined: the answer is lost. */
  #refused(batch: QueuedBatch, attempt: number, error: ErrorCode | undefined): void {
    // Late word of a place that it was called back from says nothing of where it is now.
    if (attempt !== batch.attempt || !this.#sent.includes(batch)) return;
    if (error === undefined || errorRow(error).retriable) {
      this.#recall();
      return this.#waitABit();
    }
    const { identity } = this.#options;
    const isStateLost = identity !== undefined && deniesBatch(error);
    if (isStateLost && batch.renewals < renewalsMax) return this.#anew(batch, identity);
    // Its sequence stays empty: what follows under the same id would be refused.
    identity?.renew();
    this.#settle(batch, { ok: false, error });
    this.#pump();
  }

  /** Where it was when, success is success: only what is committed is told as stored (C5). */
  #stored(batch: QueuedBatch, outcome: ProduceOutcome): void {
    this.#isProbing = this.#isProbing && !this.#sent.includes(batch);
    this.#retryMs = limits.produceRetryMsMin;
    this.#settle(batch, outcome);
    this.#pump();
  }

  /** L6: the leader lost the producer's state and says that this batch is not in its log. */
  #anew(batch: QueuedBatch, identity: IngestIdentity): void {
    if (batch.triple?.producerId === identity.producerId()) identity.renew();
    this.#recall();
    batch.renewals++;
    batch.isSent = false;
    this.#unsentRecords += batch.recordCount;
    this.#pump();
  }

  #settle(batch: QueuedBatch, outcome: ProduceOutcome): void {
    batch.isSettled = true;
    const at = this.#sent.indexOf(batch);
    if (at >= 0) this.#sent.splice(at, 1);
    if (!batch.isSent) this.#unsentRecords -= batch.recordCount;
    this.#options.counts(-batch.bytes.length);
    batch.done(outcome);
  }

  #recall(): void {
    if (this.#sent.length === 0) return;
    const waiting = new Ring<QueuedBatch>();
    for (const batch of this.#sent) waiting.push(batch);
    for (const batch of this.#waiting) waiting.push(batch);
    this.#sent = [];
    this.#waiting = waiting;
    this.#isProbing = true;
  }

  #waitABit(): void {
    const { ports, waits } = this.#options;
    this.#retryAt = ports.now() + this.#retryMs;
    this.#retryMs = Math.min(2 * this.#retryMs, limits.produceRetryMsMax);
    waits(this);
  }
}

const isSameProducer = (a: ProducerTriple | undefined, b: ProducerTriple | undefined): boolean =>
  a?.producerId === b?.producerId && a?.producerEpoch === b?.producerEpoch;
