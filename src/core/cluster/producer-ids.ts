import { assert } from '../../base/assert.ts';
import { limits } from '../../base/limits.ts';

/** Below this many ids left, the next block is taken ahead. */
const refillBelow = 100;

/**
 * Hands out producer ids from blocks whose taking is committed in `__cluster` first, so that no id
 * is ever handed out twice (P4). A start never goes on with the block of an earlier start.
 */
export class ProducerIds {
  /** Takes the block that begins at `from`: commits `from + size` as next, then calls `taken`. */
  readonly #takeBlock: (from: number, taken: () => void) => void;
  #next = 0;
  #end = 0;
  #isTaking = false;
  /** First id of the block after those taken, as `__cluster` has it. */
  #nextBlock: number;

  constructor(nextBlock: number, takeBlock: (from: number, taken: () => void) => void) {
    this.#nextBlock = nextBlock;
    this.#takeBlock = takeBlock;
  }

  /** An id that nobody has or had; undefined while the next block is on its way. */
  allocate(): bigint | undefined {
    if (this.#end - this.#next < refillBelow) this.refill();
    if (this.#next === this.#end) return undefined;
    return BigInt(this.#next++);
  }

  /** Takes a block if none is on its way. */
  refill(): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    const from = this.#nextBlock;
    this.#nextBlock = from + limits.producerIdBlockSize;
    this.#takeBlock(from, () => this.#taken(from));
  }

  #taken(from: number): void {
    assert(this.#isTaking, 'a block arrives once');
    this.#isTaking = false;
    // The first id stays unused here: it is the ingest producer's of this start, which took the
    // first block.
    this.#next = from + 1;
    this.#end = from + limits.producerIdBlockSize;
  }
}
