import type { SessionOwnerValue } from '../../wire/state/state-codec.ts';

/** Who acts for a session: one connection of one process; undefined: nobody, or a lone node. */
export type SessionOwner = SessionOwnerValue | undefined;

/** Whether both are the same connection, or both nobody. */
export const isSameOwner = (one: SessionOwner, other: SessionOwner): boolean =>
  one?.nodeId === other?.nodeId && one?.counter === other?.counter;

/** Connections of one start; the starts of a directory fill the rest of an exact number. */
const countersPerStart = 2 ** 32;

/** The owners that one process gives out: no other process ever gives out one of them. */
export class OwnerCounter {
  readonly #nodeId: number;
  readonly #first: number;
  #next: number;

  /** @param startCounter of the data directory, this start included. */
  constructor(nodeId: number, startCounter: number) {
    this.#nodeId = nodeId;
    this.#first = startCounter * countersPerStart + 1;
    this.#next = this.#first;
  }

  next(): SessionOwnerValue {
    return { nodeId: this.#nodeId, counter: this.#next++ };
  }

  /** Given out by this process. */
  isOurs(owner: SessionOwner): boolean {
    return owner?.nodeId === this.#nodeId && owner.counter >= this.#first;
  }

  /** Given out by this node before it was started: nobody acts under it any more. */
  isOfEarlierStart(owner: SessionOwner): boolean {
    return owner?.nodeId === this.#nodeId && owner.counter < this.#first;
  }
}
