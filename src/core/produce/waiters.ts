import type { LeaderEpoch, Offset } from '../../base/brand.ts';
import { Ring } from '../../base/ring.ts';
import { assert } from '../../base/assert.ts';

/** Something that waits for a batch to be committed: (leader epoch, end offset), C5. */
export interface Waiter {
  readonly leaderEpoch: LeaderEpoch;
  /** Released once the high watermark is at or past this (exclusive end of the batch). */
  readonly endOffset: Offset;
  /** Called once. False: the epoch ended before; nobody knows whether the batch will stay. */
  readonly settled: (isCommitted: boolean) => void;
}

/**
 * The waiters of one partition. Only a high watermark that this node set as leader of their epoch
 * releases them.
 */
export class Waiters {
  readonly #waiting = new Ring<Waiter>();

  get length(): number {
    return this.#waiting.length;
  }

  /**
   * End offsets must not go down, except for duplicates, which wait at most as long as the one
   * before them.
   */
  add(waiter: Waiter): void {
    this.#waiting.push(waiter);
  }

  /** Releases all that the high watermark of `leaderEpoch` covers, in order. */
  highWatermarkMoved(leaderEpoch: LeaderEpoch, highWatermark: Offset): void {
    for (let head = this.#waiting.peek(); head !== undefined; head = this.#waiting.peek()) {
      assert(head.leaderEpoch <= leaderEpoch, 'a waiter of a future leader epoch');
      if (head.leaderEpoch !== leaderEpoch || head.endOffset > highWatermark) return;
      this.#waiting.shift();
      head.settled(true);
    }
  }

  /** The leadership ended: what waits goes back to where it came from, in order (C5). */
  epochEnded(): void {
    const ended: Waiter[] = [];
    for (let head = this.#waiting.shift(); head !== undefined; head = this.#waiting.shift()) {
      ended.push(head);
    }
    for (const { settled } of ended) settled(false);
  }
}
