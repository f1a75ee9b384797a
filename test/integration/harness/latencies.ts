/** Milliseconds of many answers, and their order statistics. */
export class Latencies {
  readonly #ms: number[] = [];

  add(ms: number): void {
    this.#ms.push(ms);
  }

  get count(): number {
    return this.#ms.length;
  }

  /** `share` from 0 to 1: the value that so many do not exceed; 0 without any. */
  at(share: number): number {
    const sorted = this.#ms.toSorted((a, b) => a - b);
    const index = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
    return Math.round((sorted[index] ?? 0) * 10) / 10;
  }
}
