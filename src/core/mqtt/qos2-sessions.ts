import type { ConnectionId, MonotonicMs } from '../../base/brand.ts';
import type { Publish } from '../event.ts';
import { LoneSessions } from './lone-sessions.ts';
import { Qos2Handshakes } from './qos2-handshakes.ts';
import type {
  OpenedSession,
  Qos2Options,
  ReleasedIdentifier,
  SessionKeeper,
} from './qos2-options.ts';
import { parseSessionKey } from './session-keys.ts';
import { SessionTable } from './session-table.ts';
import { SharedSessions } from './shared-sessions.ts';

/**
 * QoS 2 of publishers (P5): what `__mqtt_sessions` says, by `apply` for each of its records on
 * every node, and the handshakes of the clients that are connected here.
 */
export class Qos2Sessions {
  readonly #table = new SessionTable();
  readonly #keeper: SessionKeeper;

  constructor(options: Qos2Options) {
    const { sharing } = options;
    const handshakes = new Qos2Handshakes(options, this.#table);
    this.#keeper =
      sharing === undefined
        ? new LoneSessions(options, handshakes, this.#table)
        : new SharedSessions({ ...options, sharing }, handshakes, this.#table);
  }

  /**
   * Takes what one committed record has made of its key, in the order of the log.
   * @returns false if it does not decode: a newer version wrote it.
   */
  apply(key: string, value: Uint8Array | undefined): boolean {
    const isRead = this.#table.apply(key, value);
    const parsed = parseSessionKey(key);
    if (parsed?.kind === 'session') this.#keeper.applied(parsed.clientId);
    return isRead;
  }

  /** Producer ids whose state must live on: of sessions, and of identifiers that are still open. */
  pinnedProducers(): Set<bigint> {
    return this.#table.pinnedProducers();
  }

  /** Before CONNACK. Answered when nothing of an older session can come back after a crash. */
  sessionOpened(opened: OpenedSession): void {
    this.#keeper.opened(opened);
  }

  /** A clean session ends with its connection. */
  connectionClosed(connection: ConnectionId): void {
    this.#keeper.closed(connection);
  }

  /** PUBLISH. Released when its record is committed. */
  identifierReceived(publish: Publish): void {
    this.#keeper.received(publish);
  }

  /**
   * PUBREL. Released when the removal is committed; at once for an identifier that nobody knows.
   */
  identifierReleased(released: ReleasedIdentifier): void {
    this.#keeper.released(released);
  }

  nextDeadline(): number | undefined {
    return this.#keeper.nextDeadline();
  }

  tick(now: MonotonicMs): void {
    this.#keeper.tick(now);
  }
}
