import { uuid } from '../../base/brand.ts';
import { TurnoverMap } from '../../base/turnover-map.ts';
import { decodeOpenIdentifier, decodeSession } from '../../wire/state/state-codec.ts';
import type { TripleTarget } from './triple-target.ts';
import { parseSessionKey } from './session-keys.ts';
import type { SessionOwner } from './session-owner.ts';

/** A session as `__mqtt_sessions` has it. */
export interface StoredSession {
  readonly clientId: string;
  /** Its own record is there; identifiers may stand without. */
  isRecorded: boolean;
  owner: SessionOwner;
  isClean: boolean;
  /** What is open is of a session before it that ended. */
  hasEnded: boolean;
  /** Undefined: it has had none yet. */
  producerId: bigint | undefined;
  producerEpoch: number;
  readonly open: TurnoverMap<number, TripleTarget>;
}

/** The committed sessions of all clients, the same on every node that has applied as much. */
export class SessionTable {
  readonly #sessions = new Map<string, StoredSession>();
  #openIdentifiers = 0;

  /** Of all sessions. */
  get openIdentifiers(): number {
    return this.#openIdentifiers;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(clientId: string): StoredSession | undefined {
    return this.#sessions.get(clientId);
  }

  all(): IterableIterator<StoredSession> {
    return this.#sessions.values();
  }

  /**
   * Takes what a committed record has made of its key.
   * @returns false if it does not decode: a newer version wrote it.
   */
  apply(key: string, value: Uint8Array | undefined): boolean {
    const parsed = parseSessionKey(key);
    if (parsed === undefined) return false;
    const { clientId } = parsed;
    const session = this.#sessions.get(clientId) ?? newSession(clientId);
    const openBefore = session.open.size;
    const isRead =
      parsed.kind === 'session'
        ? applySession(session, value)
        : applyIdentifier(session, parsed.packetId, value);
    this.#openIdentifiers += session.open.size - openBefore;
    if (!session.isRecorded && session.open.size === 0) this.#sessions.delete(clientId);
    else this.#sessions.set(clientId, session);
    return isRead;
  }

  /** Producer ids whose state must live on: of sessions, and of identifiers that are still open. */
  pinnedProducers(): Set<bigint> {
    const pinned = new Set<bigint>();
    for (const session of this.#sessions.values()) {
      if (session.producerId !== undefined) pinned.add(session.producerId);
      for (const target of session.open.values()) pinned.add(target.producerId);
    }
    return pinned;
  }
}

const newSession = (clientId: string): StoredSession => ({
  ...{ clientId, isRecorded: false, owner: undefined, isClean: false, hasEnded: false },
  ...{ producerId: undefined, producerEpoch: 0, open: new TurnoverMap() },
});

function applySession(session: StoredSession, value: Uint8Array | undefined): boolean {
  session.isRecorded = value !== undefined;
  if (value === undefined) return forgetProducer(session);
  const read = decodeSession(value);
  if (!read.ok) return false;
  const { producerId, producerEpoch, clean, owner, hasEnded } = read.value;
  session.producerId = producerId === 0 ? undefined : BigInt(producerId);
  session.producerEpoch = producerEpoch;
  session.isClean = clean;
  session.hasEnded = hasEnded === true;
  session.owner = owner;
  return true;
}

function forgetProducer(session: StoredSession): true {
  session.producerId = undefined;
  session.producerEpoch = 0;
  session.isClean = false;
  session.hasEnded = false;
  session.owner = undefined;
  return true;
}

function applyIdentifier(
  { open }: StoredSession,
  packetId: number,
  value: Uint8Array | undefined,
): boolean {
  if (value === undefined) {
    open.delete(packetId);
    return true;
  }
  const read = decodeOpenIdentifier(value);
  if (!read.ok) return false;
  const { topicId, producerId, partition, producerEpoch, baseSequence } = read.value;
  const producer = { producerId: BigInt(producerId), producerEpoch, baseSequence };
  open.set(packetId, { topicId: uuid(topicId), partition, ...producer });
  return true;
}
