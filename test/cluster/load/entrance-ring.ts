import type { Entrance } from './load-writer.ts';

/** The nodes that a client tries, one after the other, as a sensor does with its list. */
export class EntranceRing {
  readonly #entrances: readonly Entrance[];
  #next: number;

  /** `first`: at which it begins, so that clients spread. */
  constructor(entrances: readonly Entrance[], first: number) {
    this.#entrances = entrances;
    this.#next = first;
  }

  next(): Entrance {
    const entrance = this.#entrances[this.#next++ % this.#entrances.length];
    if (entrance === undefined) throw new Error('no node to connect to');
    return entrance;
  }
}
