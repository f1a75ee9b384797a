import type { ConnectionId, MonotonicMs, Uuid } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import type { Publish } from '../event.ts';
import type { NoPlace } from '../produce/route-table.ts';
import type { TripleTarget } from './triple-target.ts';

/** Appends to `__mqtt_sessions`. */
export interface SessionLog {
  /**
   * Commits in the order of the calls, and the changes of one call in their order; `done` when all
   * are committed and applied here.
   */
  commit(changes: readonly ViewChange[], done: () => void): void;
}

export type TripleOutcome = 'committed' | { readonly error: ErrorCode };

/** Appends one record under a session's triple. */
export interface TripleProducer {
  /**
   * `done` when the record, or the one that it repeats, is committed. A producer id that the
   * partition does not know answers 45 to any sequence but 0: a session's sequences begin there.
   */
  produce(target: TripleTarget, publish: Publish, done: (outcome: TripleOutcome) => void): void;
}

/** What a node needs that shares its sessions with others. */
export interface SharingOptions {
  readonly nodeId: number;
  /** Starts of this data directory, this one included. */
  readonly startCounter: number;
  readonly now: () => MonotonicMs;
  /** How long a CONNECT waits for its session. */
  readonly openMsMax: number;
  readonly closeConnection: (connection: ConnectionId, clientId: string, reason: string) => void;
}

export interface Qos2Options {
  readonly log: SessionLog;
  readonly producer: TripleProducer;
  /** An id that nobody has or had (P4); undefined while none is at hand. */
  readonly allocateProducerId: () => bigint | undefined;
  /** Where the publish goes. */
  readonly locate: (publish: Publish) => { topicId: Uuid; partition: number } | NoPlace;
  readonly release: (publishId: number) => void;
  /** No route names it: released, and counted. */
  readonly unrouted: (publishId: number) => void;
  readonly reject: (publishId: number, closeConnection: boolean, reason: string) => void;
  /** `isResumed`: what the front end remembers of the session still holds. */
  readonly sessionAnswered: (
    requestId: number,
    openIdentifiers: readonly number[],
    isResumed: boolean,
  ) => void;
  /** Undefined: a cluster of one. */
  readonly sharing?: SharingOptions | undefined;
}

/** A CONNECT, before CONNACK. */
export interface OpenedSession {
  readonly requestId: number;
  readonly connection: ConnectionId;
  readonly clientId: string;
  readonly clean: boolean;
}

/** A PUBREL. */
export interface ReleasedIdentifier {
  readonly publishId: number;
  readonly connection: ConnectionId;
  readonly clientId: string;
  readonly packetId: number;
}

/** Who acts for which client's session, and since when. */
export interface SessionKeeper {
  /** Before CONNACK. Answered when nothing of an older session can come back after a crash. */
  opened(opened: OpenedSession): void;
  closed(connection: ConnectionId): void;
  received(publish: Publish): void;
  released(released: ReleasedIdentifier): void;
  /** Told after each committed record of a session. */
  applied(clientId: string): void;
  nextDeadline(): number | undefined;
  tick(now: MonotonicMs): void;
}
