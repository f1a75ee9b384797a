/** What happens at a virtual time; ties run in the order of their scheduling. */
interface Scheduled {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

const standingMax = 100_000;

/** The one clock of a simulated world: a heap of (virtual time, sequence, what happens). */
export class EventQueue {
  readonly #heap: Scheduled[] = [];
  #nowMs = 0;
  #sequence = 0;
  /** Events in a row at one time. */
  #standing = 0;
  /** Called after every event. */
  afterEach: (() => void) | undefined;

  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    const atMs = this.#nowMs + Math.max(0, delayMs);
    this.#heap.push({ atMs, sequence: this.#sequence++, run });
    this.#rise(this.#heap.length - 1);
  }

  /** Runs everything up to a time, which is the present then. */
  runUntil(endMs: number): void {
    while (this.runNext(endMs));
  }

  /** Runs the next event up to a time. False: there is none, and that time is the present. */
  runNext(endMs: number): boolean {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > endMs) {
      this.#nowMs = Math.max(this.#nowMs, endMs);
      return false;
    }
    this.#step(first);
    return true;
  }

  #step(first: Scheduled): void {
    const last = this.#heap.pop();
    if (last === undefined) return;
    if (first !== last) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    this.#standing = first.atMs === this.#nowMs ? this.#standing + 1 : 0;
    if (this.#standing > standingMax) throw new Error('time stands still: a deadline never moves');
    this.#nowMs = first.atMs;
    first.run();
    this.afterEach?.();
  }

  #rise(from: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(place, parent)) return;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #sink(from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#heap.length) return;
      const right = left + 1;
      const least = right < this.#heap.length && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(least, place)) return;
      this.#swap(place, least);
      place = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return false;
    return x.atMs < y.atMs || (x.atMs === y.atMs && x.sequence < y.sequence);
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return;
    this.#heap[a] = y;
    this.#heap[b] = x;
  }
}
