import { Numbered } from '../src/base/numbered.ts';
import type { MqttConnection } from './mqtt-connection.ts';
import type { PendingKind, Unanswered } from './mqtt-unanswered.ts';

/** One event that the core has to answer, and whose it is. */
export interface Pending extends Unanswered {
  readonly connection: MqttConnection;
}

/** Numbers the events that the core answers, and finds what waits for an answer. */
export class MqttPending {
  readonly #byId = new Numbered<Pending>();
  #lastId = 0;

  get size(): number {
    return this.#byId.size;
  }

  add(
    connection: MqttConnection,
    kind: PendingKind,
    proceed: () => void,
    abandon?: () => void,
  ): number {
    const publishId = this.nextId();
    this.put({ publishId, connection, kind, proceed, abandon, settled: false });
    return publishId;
  }

  /** The number of what is `put` next. */
  nextId(): number {
    return ++this.#lastId;
  }

  put(pending: Pending): void {
    this.#byId.set(pending.publishId, pending);
    if (pending.kind !== 'will') pending.connection.pending.push(pending);
  }

  /** Takes what waits under this id; undefined if its connection has gone meanwhile. */
  take(publishId: number): Pending | undefined {
    const pending = this.#byId.take(publishId);
    if (pending === undefined) return undefined;
    pending.settled = true;
    // The core answers each connection nearly in order, so the settled ones are at the head.
    const ring = pending.connection.pending;
    while (ring.peek()?.settled === true) ring.shift();
    return pending;
  }

  /**
   * Nobody waits for these answers any more. QoS 0 goes on to the subscribers (nothing was
   * promised, and who sends at QoS 0 often leaves at once); the rest is never acknowledged and may
   * be sent again.
   */
  connectionClosed(connection: MqttConnection): void {
    for (let next = connection.pending.shift(); next; next = connection.pending.shift()) {
      if (next.settled) continue;
      next.settled = true;
      this.#byId.take(next.publishId);
      if (next.kind === 'qos0') connection.proceed(next);
      else next.abandon?.();
    }
  }
}
