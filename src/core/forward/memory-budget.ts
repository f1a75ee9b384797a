import { assert } from '../../base/assert.ts';
import type { Wait } from './procedure.ts';

interface Claim {
  readonly owner: object;
  readonly bytes: number;
  readonly resume: () => void;
}

/**
 * Bytes that all partitions together may hold; who finds none left waits its turn. One claim for
 * each owner.
 */
export class MemoryBudget {
  readonly #bytesMax: number;
  readonly #held = new Map<object, number>();
  #queue: Claim[] = [];
  #heldBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  acquire(owner: object, bytes: number): Wait<void> {
    assert(bytes <= this.#bytesMax, 'one claim fits the budget');
    return (resume) => {
      assert(!this.#held.has(owner), 'an owner claims once');
      this.#queue.push({ owner, bytes, resume });
      this.#grant();
    };
  }

  /** Gives back what the owner holds, or takes it out of the queue. */
  release(owner: object): void {
    this.#queue = this.#queue.filter((claim) => claim.owner !== owner);
    this.#heldBytes -= this.#held.get(owner) ?? 0;
    this.#held.delete(owner);
    this.#grant();
  }

  #grant(): void {
    for (;;) {
      const claim = this.#queue[0];
      if (claim === undefined || this.#heldBytes + claim.bytes > this.#bytesMax) return;
      this.#queue.shift();
      this.#held.set(claim.owner, claim.bytes);
      this.#heldBytes += claim.bytes;
      claim.resume();
    }
  }
}
