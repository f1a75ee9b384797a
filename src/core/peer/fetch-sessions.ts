import type { ConnectionId, LogId } from '../../base/brand.ts';
import type {
  PeerFetchRequest,
  PeerFetchResponse,
} from '../../wire/kafka/generated/01-peer-fetch.ts';
import { FetchSession, type FetchSessionHost } from './fetch-session.ts';
import type { PeerExchange } from './peer-handler.ts';

/** The fetch sessions of all followers of this node, one for each of their connections. */
export class FetchSessions {
  readonly #host: FetchSessionHost;
  readonly #sessions = new Map<ConnectionId, FetchSession>();
  #touched = new Set<FetchSession>();

  constructor(host: Omit<FetchSessionHost, 'touched'>) {
    this.#host = { ...host, touched: (session) => this.#touched.add(session) };
  }

  fetch(request: PeerFetchRequest, typed: PeerExchange<PeerFetchResponse>): void {
    const { connection } = typed.exchange;
    let session = this.#sessions.get(connection);
    if (session === undefined) {
      session = new FetchSession(this.#host);
      this.#sessions.set(connection, session);
    }
    session.fetch(request, typed);
  }

  /** Something of that log is different. */
  changed(logId: LogId): void {
    for (const session of this.#sessions.values()) session.changed(logId);
  }

  connectionClosed(connection: ConnectionId): void {
    this.#sessions.get(connection)?.close();
    this.#sessions.delete(connection);
  }

  /** The end of a turn. @returns whether any session was looked at. */
  settle(): boolean {
    if (this.#touched.size === 0) return false;
    const touched = this.#touched;
    this.#touched = new Set();
    for (const session of touched) session.settle();
    return true;
  }
}
