import type { ConnectionId, MonotonicMs } from '../../base/brand.ts';
import { Ring } from '../../base/ring.ts';
import { TurnoverMap } from '../../base/turnover-map.ts';
import type { ErrorCode } from '../../base/errors.ts';
import type { ProduceOutcome } from '../kafka/broker-view.ts';
import type { RecordWaiter } from './record-waiter.ts';

export interface OrderedPublish {
  readonly publishId: number;
  readonly connection: ConnectionId;
  /** QoS 1 and 2: its client waits for an answer. */
  readonly isPromised: boolean;
}

/**
 * Keeps PUBACKs and PUBRECs of a connection in the order of its PUBLISHes, whatever partition
 * commits first (C5, [MQTT-4.6.0-2], [MQTT-4.6.0-3]).
 */
export class PublishOrder {
  readonly #byConnection = new TurnoverMap<ConnectionId, Ring<PendingPublish>>();
  readonly #refused: (publishId: number, error: ErrorCode) => void;
  #released: number[] = [];
  /** Refused in this turn and in the last one. The front end closes them at the end of a turn. */
  #refusedNow: Set<ConnectionId> | undefined;
  #refusedBefore: Set<ConnectionId> | undefined;

  constructor(refused: (publishId: number, error: ErrorCode) => void) {
    this.#refused = refused;
  }

  /**
   * Takes the next publish of a connection. What was read before a refused one's connection was
   * closed comes too late: its client sends it again behind the refused one, and stored now it
   * would get there first.
   */
  add(publish: OrderedPublish, arrivedAt: MonotonicMs): PendingPublish {
    const { connection, isPromised } = publish;
    if (this.#isRefused(connection)) {
      const late = new PendingPublish(this, new Ring(), publish, arrivedAt);
      late.isGone = isPromised;
      return late;
    }
    let ring = this.#byConnection.get(connection);
    if (ring === undefined) {
      ring = new Ring();
      this.#byConnection.set(connection, ring);
    }
    const pending = new PendingPublish(this, ring, publish, arrivedAt);
    ring.push(pending);
    return pending;
  }

  /** Publishes that may leave in this turn, in order; it ends with that. */
  takeReleased(): readonly number[] {
    this.#refusedBefore = this.#refusedNow;
    this.#refusedNow = undefined;
    if (this.#released.length === 0) return this.#released;
    const released = this.#released;
    this.#released = [];
    return released;
  }

  /**
   * Publishes of a closed connection are never released; what was sent of them to a leader stays,
   * and what never was is left out (P3), QoS 0 excepted: nobody sends that again.
   */
  connectionClosed(connection: ConnectionId): void {
    this.#forget(connection);
  }

  /**
   * P3: what arrived before `before` and is not committed is given up, and its connection with it.
   * QoS 0 promised nothing: it is let go, and may yet be stored.
   */
  giveUp(before: MonotonicMs): void {
    for (const ring of [...this.#byConnection.values()]) {
      for (let head = ring.peek(); head !== undefined; head = ring.peek()) {
        if (head.arrivedAt >= before) break;
        if (head.isPromised) {
          head.refused('REQUEST_TIMED_OUT');
          break;
        }
        head.committed();
      }
    }
  }

  /**
   * Called by PendingPublish: lets go of every publish of its connection that has nobody before it.
   */
  committed(connection: ConnectionId, ring: Ring<PendingPublish>): void {
    if (ring.length === 0) return; // the connection is gone: nobody waits
    for (let head = ring.peek(); head?.isCommitted; head = ring.peek()) {
      this.#released.push(head.publishId);
      ring.shift();
    }
    if (ring.length === 0) this.#byConnection.delete(connection);
  }

  /**
   * Called by PendingPublish: it will never be acknowledged, and neither will what came after it.
   */
  refused(publishId: number, connection: ConnectionId, error: ErrorCode): void {
    if (!this.#forget(connection)) return;
    this.#refusedNow ??= new Set();
    this.#refusedNow.add(connection);
    this.#refused(publishId, error);
  }

  #isRefused(connection: ConnectionId): boolean {
    return (
      this.#refusedNow?.has(connection) === true || this.#refusedBefore?.has(connection) === true
    );
  }

  /** @returns whether anything of that connection was pending. */
  #forget(connection: ConnectionId): boolean {
    const ring = this.#byConnection.get(connection);
    if (ring === undefined) return false;
    for (const pending of ring) pending.isGone = pending.isPromised;
    ring.clear();
    this.#byConnection.delete(connection);
    return true;
  }
}

/** One publish between its arrival and its release. */
export class PendingPublish implements RecordWaiter {
  readonly #order: PublishOrder;
  /** Of its connection, which may be gone. */
  readonly #ring: Ring<PendingPublish>;
  readonly publishId: number;
  readonly connection: ConnectionId;
  readonly isPromised: boolean;
  readonly arrivedAt: MonotonicMs;
  isCommitted = false;
  /** Its connection is closed, and its client sends it again. */
  isGone = false;

  constructor(
    order: PublishOrder,
    ring: Ring<PendingPublish>,
    publish: OrderedPublish,
    arrivedAt: MonotonicMs,
  ) {
    this.#order = order;
    this.#ring = ring;
    this.publishId = publish.publishId;
    this.connection = publish.connection;
    this.isPromised = publish.isPromised;
    this.arrivedAt = arrivedAt;
  }

  settled(outcome: ProduceOutcome): void {
    if (outcome.ok) this.committed();
    else this.refused(outcome.error);
  }

  committed(): void {
    this.isCommitted = true;
    this.#order.committed(this.connection, this.#ring);
  }

  /** One that was let go before (QoS 0, P3) cannot take its connection along any more. */
  refused(error: ErrorCode): void {
    if (!this.isCommitted) this.#order.refused(this.publishId, this.connection, error);
  }
}
