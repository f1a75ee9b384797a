import { assert } from '../../base/assert.ts';
import { limits } from '../../base/limits.ts';

/** Below this many ids left, the next block is taken ahead. */
const refillBelow = 100;

/**
 * Hands out producer ids from blocks whose taking is committed in `__cluster` first, so that no id
 * is ever handed out twice (P4). A start never goes on with the block of an earlier start.
 */
export class ProducerIds {
  /** Takes a block; `taken` is told its first id, once it is committed. */
  readonly #takeBlock: (taken: (first: number) => void) => void;
  #next = 0;
  #end = 0;
  #isTaking = false;

  constructor(takeBlock: (taken: (first: number) => void) => void) {
    this.#takeBlock = takeBlock;
  }

  /** An id that nobody has or had; undefined while the next block is on its way. */
  allocate(): bigint | undefined {
    if (this.#end - this.#next < refillBelow) this.refill(() => undefined);
    if (this.#next === this.#end) return undefined;
    return BigInt(this.#next++);
  }

  /** Takes a block if none is on its way; `refilled` when there are ids again. */
  refill(refilled: () => void): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    this.#takeBlock((first) => {
      assert(this.#isTaking, 'a block arrives once');
      this.#isTaking = false;
      this.#next = first;
      this.#end = first + limits.producerIdBlockSize;
      refilled();
    });
  }
}
