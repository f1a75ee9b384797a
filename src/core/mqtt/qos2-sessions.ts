import { uuid } from '../../base/brand.ts';
import type { ConnectionId, Uuid } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import {
  decodeOpenIdentifier,
  decodeSession,
  encodeOpenIdentifier,
  encodeSession,
} from '../../wire/state/state-codec.ts';
import type { Publish } from '../event.ts';
import { Qos2Session } from './qos2-session.ts';
import type { OpenIdentifier, TripleTarget } from './qos2-session.ts';
import { identifierKey, parseSessionKey, sessionKey } from './session-keys.ts';

/** Appends to `__mqtt_sessions`. */
export interface SessionLog {
  /**
   * Commits in the order of the calls, and the changes of one call in their order; `done` when all
   * are committed.
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

export interface Qos2Options {
  readonly log: SessionLog;
  readonly producer: TripleProducer;
  /** An id that nobody has or had (P4); undefined while none is at hand. */
  readonly allocateProducerId: () => bigint | undefined;
  /** Where the publish goes; undefined if no route names its topic. */
  readonly locate: (publish: Publish) => { topicId: Uuid; partition: number } | undefined;
  readonly release: (publishId: number) => void;
  readonly reject: (publishId: number, closeConnection: boolean, reason: string) => void;
  readonly sessionAnswered: (requestId: number, openIdentifiers: readonly number[]) => void;
}

/** A reading that finds its sequences broken this often in a row is not taken. */
const renewalsMax = 3;

/**
 * QoS 2 of publishers (P5). An identifier is committed with the triple its record will carry, then
 * the record is produced with exactly that triple, then PUBREC may go; PUBREL: the removal is
 * committed, then PUBCOMP may go. State is what `__mqtt_sessions` says: `apply` for each record of
 * the replay, then events.
 */
export class Qos2Sessions {
  readonly #options: Qos2Options;
  readonly #sessions = new Map<string, Qos2Session>();
  readonly #connections = new Map<ConnectionId, { clientId: string; clean: boolean }>();
  /** Sessions whose tombstones are under way, and who waits for them. */
  readonly #wiping = new Map<string, (() => void)[]>();
  #isStarted = false;

  constructor(options: Qos2Options) {
    this.#options = options;
  }

  /** Sessions that hold producer state. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Takes one committed record of the replay; after the first event our own changes are known
   * already.
   * @returns false if it does not decode: a newer version wrote it.
   */
  apply(key: string, value: Uint8Array | undefined): boolean {
    if (this.#isStarted) return true;
    const parsed = parseSessionKey(key);
    if (parsed === undefined) return false;
    const { clientId } = parsed;
    const session = this.#sessions.get(clientId) ?? new Qos2Session(clientId, false);
    const isRead =
      parsed.kind === 'session'
        ? restoreSession(session, value)
        : restoreIdentifier(session, parsed.packetId, value);
    if (!session.isRecorded && session.open.size === 0) this.#sessions.delete(clientId);
    else this.#sessions.set(clientId, session);
    return isRead;
  }

  /** Producer ids whose state must live on: of sessions, and of identifiers that are still open. */
  pinnedProducers(): Set<bigint> {
    const pinned = new Set<bigint>();
    for (const session of this.#sessions.values()) {
      if (session.producerId !== undefined) pinned.add(session.producerId);
      for (const { target } of session.open.values()) pinned.add(target.producerId);
    }
    return pinned;
  }

  /** Before CONNACK. Answered when nothing of an older session can come back after a crash. */
  sessionOpened(opened: {
    readonly requestId: number;
    readonly connection: ConnectionId;
    readonly clientId: string;
    readonly clean: boolean;
  }): void {
    if (!this.#isStarted) this.#start();
    const { requestId, connection, clientId, clean } = opened;
    this.#connections.set(connection, { clientId, clean });
    if (clean) return this.#wipe(clientId, () => this.#options.sessionAnswered(requestId, []));
    const session = this.#sessions.get(clientId);
    if (session !== undefined && session.open.size === 0) session.renewAtNextUse();
    this.#afterWipe(clientId, () => {
      const open = this.#sessions.get(clientId)?.open.keys() ?? [];
      this.#options.sessionAnswered(requestId, [...open]);
    });
  }

  /** A clean session ends with its connection. */
  connectionClosed(connection: ConnectionId): void {
    const closed = this.#connections.get(connection);
    this.#connections.delete(connection);
    if (closed?.clean === true) this.#wipe(closed.clientId, () => undefined);
  }

  /** PUBLISH. Released when its record is committed. */
  identifierReceived(publish: Publish): void {
    const { clientId, packetId, publishId } = publish;
    const session = this.#sessions.get(clientId);
    const identifier = session?.open.get(packetId);
    if (session === undefined || identifier === undefined) return this.#begin(publish);
    if (identifier.state === 'stored') return this.#options.release(publishId);
    if (identifier.state === 'removing') {
      identifier.afterRemoval.push(() => this.identifierReceived(publish));
      return;
    }
    identifier.waiters.push(publishId);
    if (identifier.state === 'unsettled') this.#produce(session, identifier, publish);
  }

  /**
   * PUBREL. Released when the removal is committed; at once for an identifier that nobody knows.
   */
  identifierReleased(released: {
    readonly publishId: number;
    readonly clientId: string;
    readonly packetId: number;
  }): void {
    const { publishId, clientId, packetId } = released;
    const session = this.#sessions.get(clientId);
    const identifier = session?.open.get(packetId);
    if (session === undefined || identifier === undefined) return this.#options.release(publishId);
    identifier.afterRemoval.push(() => this.#options.release(publishId));
    if (identifier.state === 'removing') return;
    identifier.state = 'removing';
    for (const waiting of identifier.waiters.splice(0)) {
      this.#options.reject(waiting, true, 'PUBREL came before PUBREC');
    }
    const tombstone = { key: identifierKey(clientId, packetId), value: undefined };
    this.#options.log.commit([tombstone], () => {
      if (identifier.isDead) return;
      session.open.delete(packetId);
      for (const next of identifier.afterRemoval.splice(0)) next();
    });
  }

  /** The first connection of this process. Clean sessions ended with the process before. */
  #start(): void {
    this.#isStarted = true;
    for (const session of [...this.#sessions.values()]) {
      if (session.isClean) this.#wipe(session.clientId, () => undefined);
    }
  }

  #begin(publish: Publish): void {
    const { publishId, clientId, packetId } = publish;
    const place = this.#options.locate(publish);
    // No route: nothing is stored, so there is nothing to store once.
    if (place === undefined) return this.#options.release(publishId);
    const session = this.#sessions.get(clientId) ?? this.#newSession(publish);
    if (session === undefined || session.open.size >= limits.mqttInboundInflightMax) {
      return this.#options.reject(publishId, true, 'too many open QoS 2 identifiers or sessions');
    }
    const target = session.nextTarget(place, this.#options.allocateProducerId);
    if (target === undefined) {
      return this.#options.reject(publishId, true, 'no producer id is at hand yet');
    }
    const identifier: OpenIdentifier = {
      ...{ packetId, state: 'committing', target, waiters: [publishId] },
      ...{ afterRemoval: [], renewals: 0, isDead: false },
    };
    session.open.set(packetId, identifier);
    this.#commit(session, identifier, publish);
  }

  /** P5 (1), then (2). */
  #commit(session: Qos2Session, identifier: OpenIdentifier, publish: Publish): void {
    identifier.state = 'committing';
    const key = identifierKey(session.clientId, identifier.packetId);
    const changes: ViewChange[] = [{ key, value: encodedTarget(identifier.target) }];
    if (session.isRecordDue) changes.unshift(sessionRecord(session));
    this.#options.log.commit(changes, () => {
      if (identifier.state === 'committing') this.#produce(session, identifier, publish);
    });
  }

  /** P5 (2), the first time and each time the client repeats it: always with the same triple. */
  #produce(session: Qos2Session, identifier: OpenIdentifier, publish: Publish): void {
    if (identifier.isDead) return;
    identifier.state = 'producing';
    this.#options.producer.produce(identifier.target, publish, (outcome) => {
      if (identifier.state !== 'producing' || identifier.isDead) return;
      // 46: stored earlier than the producer state remembers, which is what we want to know.
      if (outcome === 'committed' || outcome.error === 'DUPLICATE_SEQUENCE_NUMBER') {
        identifier.state = 'stored';
        for (const publishId of identifier.waiters.splice(0)) this.#options.release(publishId);
      } else this.#failed(session, identifier, publish, outcome.error);
    });
  }

  #failed(
    session: Qos2Session,
    identifier: OpenIdentifier,
    publish: Publish,
    error: ErrorCode,
  ): void {
    const isNew = error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && identifier.renewals < renewalsMax;
    if (isNew && this.#renew(session, identifier)) {
      return this.#commit(session, identifier, publish);
    }
    identifier.state = 'unsettled';
    for (const publishId of identifier.waiters.splice(0)) {
      this.#options.reject(publishId, true, `the record was not stored: ${error}`);
    }
  }

  /** 45 says that the record is not in the log: it is stored anew, behind a hole too (L6). */
  #renew(session: Qos2Session, identifier: OpenIdentifier): boolean {
    if (session.isCurrent(identifier.target)) session.renewAtNextUse();
    const { allocateProducerId } = this.#options;
    const target = session.nextTarget(placeOf(identifier.target), allocateProducerId, identifier);
    if (target === undefined) return false;
    identifier.target = target;
    identifier.renewals++;
    return true;
  }

  #newSession({ clientId, connection }: Publish): Qos2Session | undefined {
    if (this.#sessions.size >= limits.mqttSessionsMax && !this.#evict()) return undefined;
    const isClean = this.#connections.get(connection)?.clean === true;
    const session = new Qos2Session(clientId, isClean);
    this.#sessions.set(clientId, session);
    return session;
  }

  /** A session with nothing open can begin again under another producer id. */
  #evict(): boolean {
    for (const session of this.#sessions.values()) {
      if (session.open.size > 0) continue;
      this.#wipe(session.clientId, () => undefined);
      return true;
    }
    return false;
  }

  /** Forgets a session; `done` when that is committed, and what was being wiped before too. */
  #wipe(clientId: string, done: () => void): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return this.#afterWipe(clientId, done);
    this.#sessions.delete(clientId);
    const changes: ViewChange[] = [];
    for (const identifier of session.open.values()) {
      identifier.isDead = true;
      changes.push({ key: identifierKey(clientId, identifier.packetId), value: undefined });
    }
    if (session.isRecorded) changes.push({ key: sessionKey(clientId), value: undefined });
    if (changes.length === 0) return this.#afterWipe(clientId, done);
    const waiting = [done];
    this.#wiping.set(clientId, waiting);
    this.#options.log.commit(changes, () => {
      if (this.#wiping.get(clientId) === waiting) this.#wiping.delete(clientId);
      for (const next of waiting) next();
    });
  }

  #afterWipe(clientId: string, next: () => void): void {
    const waiting = this.#wiping.get(clientId);
    if (waiting === undefined) next();
    else waiting.push(next);
  }
}

function restoreSession(session: Qos2Session, value: Uint8Array | undefined): boolean {
  session.isRecorded = value !== undefined;
  if (value === undefined) return true;
  const read = decodeSession(value);
  if (!read.ok) return false;
  session.producerId = BigInt(read.value.producerId);
  session.producerEpoch = read.value.producerEpoch;
  session.isClean = read.value.clean;
  return true;
}

function restoreIdentifier(
  session: Qos2Session,
  packetId: number,
  value: Uint8Array | undefined,
): boolean {
  if (value === undefined) return session.open.delete(packetId) || true;
  const read = decodeOpenIdentifier(value);
  if (!read.ok) return false;
  const { topicId, producerId, ...rest } = read.value;
  const target = { ...rest, topicId: uuid(topicId), producerId: BigInt(producerId) };
  session.open.set(packetId, {
    ...{ packetId, state: 'unsettled', target, waiters: [] },
    ...{ afterRemoval: [], renewals: 0, isDead: false },
  });
  return true;
}

function sessionRecord(session: Qos2Session): ViewChange {
  session.isRecordDue = false;
  session.isRecorded = true;
  const { clientId, producerId, producerEpoch, isClean } = session;
  const value = encodeSession({ producerId: Number(producerId), producerEpoch, clean: isClean });
  return { key: sessionKey(clientId), value };
}

const encodedTarget = (target: TripleTarget): Uint8Array =>
  encodeOpenIdentifier({ ...target, producerId: Number(target.producerId) });

const placeOf = ({ topicId, partition }: TripleTarget): { topicId: Uuid; partition: number } => ({
  topicId,
  partition,
});
