import { TurnoverMap } from '../src/base/turnover-map.ts';

/**
 * What this process knows of QoS 2 identifiers. The core decides (P5); here an identifier is only
 * told apart as being stored, stored (its publish went to the subscribers of this process) or being
 * removed, so that a repeated PUBLISH or PUBREL waits for the operation in flight and a repeated
 * reading is not delivered twice.
 */
export interface IdentifierEntry {
  state: 'storing' | 'stored' | 'removing';
  /** Called when the operation in flight has settled, either way. */
  readonly waiters: (() => void)[];
  /** Of a PUBLISH that aedes has: resolves when the core has released the store, else never. */
  stored?: Promise<void>;
}

export class MqttIdentifiers {
  readonly #sessions = new Map<string, TurnoverMap<number, IdentifierEntry>>();

  find(clientId: string, packetId: number): IdentifierEntry | undefined {
    return this.#sessions.get(clientId)?.get(packetId);
  }

  set(clientId: string, packetId: number, entry: IdentifierEntry): void {
    let session = this.#sessions.get(clientId);
    if (session === undefined) {
      session = new TurnoverMap();
      this.#sessions.set(clientId, session);
    }
    session.set(packetId, entry);
  }

  /**
   * Ends an operation; without `state` the identifier is free again. A wiped session's entry
   * changes nothing.
   */
  settle(
    clientId: string,
    packetId: number,
    entry: IdentifierEntry,
    state: 'stored' | undefined,
  ): void {
    if (state === undefined) this.#delete(clientId, packetId, entry);
    else entry.state = state;
    for (const waiter of entry.waiters.splice(0)) waiter();
  }

  /** A clean session begins or ends: nothing of it is remembered. */
  forget(clientId: string): void {
    this.#sessions.delete(clientId);
  }

  #delete(clientId: string, packetId: number, entry: IdentifierEntry): void {
    const session = this.#sessions.get(clientId);
    if (session?.get(packetId) !== entry) return;
    session.delete(packetId);
    if (session.size === 0) this.#sessions.delete(clientId);
  }
}
