import type { MonotonicMs } from '../../base/brand.ts';

/** One entry of `Deadlines`; `place` is the heap's own. */
export interface Deadline {
  readonly at: MonotonicMs;
  readonly expire: () => void;
  place: number;
}

/**
 * What shall happen when, soonest first: a binary heap from which an entry can be taken out in the
 * middle.
 */
export class Deadlines {
  readonly #heap: Deadline[] = [];

  add(at: MonotonicMs, expire: () => void): Deadline {
    const deadline: Deadline = { at, expire, place: this.#heap.length };
    this.#heap.push(deadline);
    this.#rise(deadline);
    return deadline;
  }

  /** Takes an entry out; nothing happens if it has expired or was cancelled. */
  cancel(deadline: Deadline): void {
    const { place } = deadline;
    if (this.#heap[place] !== deadline) return;
    const last = this.#heap.pop();
    deadline.place = -1;
    if (last === undefined || last === deadline) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  next(): MonotonicMs | undefined {
    return this.#heap[0]?.at;
  }

  /** Lets everything up to `now` happen, in order of time. */
  expire(now: MonotonicMs): void {
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.cancel(first);
      first.expire();
    }
  }

  #put(deadline: Deadline, place: number): void {
    this.#heap[place] = deadline;
    deadline.place = place;
  }

  #rise(deadline: Deadline): void {
    while (deadline.place > 0) {
      const place = (deadline.place - 1) >> 1;
      const parent = this.#heap[place] as Deadline;
      if (parent.at <= deadline.at) return;
      this.#put(parent, deadline.place);
      this.#put(deadline, place);
    }
  }

  #sink(deadline: Deadline): void {
    for (;;) {
      const left = this.#heap[deadline.place * 2 + 1];
      const right = this.#heap[deadline.place * 2 + 2];
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (child === undefined || child.at >= deadline.at) return;
      const { place } = child;
      this.#put(child, deadline.place);
      this.#put(deadline, place);
    }
  }
}
