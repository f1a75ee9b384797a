import type { ConnectionId } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import type { Publish } from '../event.ts';
import type { Qos2Handshakes } from './qos2-handshakes.ts';
import type {
  OpenedSession,
  Qos2Options,
  ReleasedIdentifier,
  SessionKeeper,
} from './qos2-options.ts';
import { Qos2Session } from './qos2-session.ts';
import { identifierRemoval, sessionRemoval } from './session-records.ts';
import type { SessionTable } from './session-table.ts';

/**
 * Sessions of a node that is alone: nobody else writes them, so what it has begun is known before
 * it is committed, and a CONNECT commits nothing.
 */
export class LoneSessions implements SessionKeeper {
  readonly #options: Qos2Options;
  readonly #handshakes: Qos2Handshakes;
  readonly #table: SessionTable;
  readonly #sessions = new Map<string, Qos2Session>();
  readonly #connections = new Map<ConnectionId, { clientId: string; clean: boolean }>();
  /** Sessions whose tombstones are under way, and who waits for them. */
  readonly #wiping = new Map<string, (() => void)[]>();
  #isStarted = false;

  constructor(options: Qos2Options, handshakes: Qos2Handshakes, table: SessionTable) {
    this.#options = options;
    this.#handshakes = handshakes;
    this.#table = table;
  }

  opened({ requestId, connection, clientId, clean }: OpenedSession): void {
    if (!this.#isStarted) this.#start();
    const answer = (open: readonly number[]): void =>
      this.#options.sessionAnswered(requestId, open, true);
    this.#connections.set(connection, { clientId, clean });
    if (clean) return this.#wipe(clientId, () => answer([]));
    const session = this.#sessions.get(clientId);
    if (session !== undefined && session.open.size === 0) session.renewAtNextUse();
    this.#afterWipe(clientId, () => {
      answer([...(this.#sessions.get(clientId)?.open.keys() ?? [])]);
    });
  }

  /** A clean session ends with its connection. */
  closed(connection: ConnectionId): void {
    const closed = this.#connections.get(connection);
    this.#connections.delete(connection);
    if (closed?.clean === true) this.#wipe(closed.clientId, () => undefined);
  }

  received(publish: Publish): void {
    const { clientId, publishId } = publish;
    const { locate, unrouted, reject } = this.#options;
    let session = this.#sessions.get(clientId);
    if (session === undefined) {
      if (locate(publish) === 'unrouted') return unrouted(publishId);
      session = this.#newSession(publish);
    }
    if (session === undefined) return reject(publishId, true, 'too many QoS 2 sessions');
    this.#handshakes.received(session, publish);
  }

  released({ clientId, packetId, publishId }: ReleasedIdentifier): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return this.#options.release(publishId);
    this.#handshakes.released(session, packetId, publishId);
  }

  /** Our own changes are known already. */
  applied(): void {
    return undefined;
  }

  nextDeadline(): undefined {
    return undefined;
  }

  tick(): void {
    return undefined;
  }

  /** The first connection of this process. Clean sessions ended with the process before. */
  #start(): void {
    this.#isStarted = true;
    for (const stored of this.#table.all()) {
      this.#sessions.set(stored.clientId, Qos2Session.of(stored, stored.isClean));
    }
    for (const session of [...this.#sessions.values()]) {
      if (session.isClean) this.#wipe(session.clientId, () => undefined);
    }
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
    this.#handshakes.end(session, 'the session has ended');
    const changes: ViewChange[] = [...session.open.keys()].map((packetId) =>
      identifierRemoval(session, packetId),
    );
    if (session.isRecorded) changes.push(sessionRemoval(clientId, undefined));
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
