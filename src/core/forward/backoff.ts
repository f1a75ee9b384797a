import type { Random } from '../../ports/random.ts';

/**
 * Pauses between attempts: doubling from `minMs` to `maxMs`, each drawn evenly from the upper half
 * of its range so that many partitions, or many gateways after one outage, do not come back at the
 * same instant.
 */
export class Backoff {
  readonly #random: Pick<Random, 'next'>;
  readonly #minMs: number;
  readonly #maxMs: number;
  #attempts = 0;

  constructor(random: Pick<Random, 'next'>, minMs: number, maxMs: number) {
    this.#random = random;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** Milliseconds to wait before the next attempt; `maxMs` where it is not the usual one. */
  nextMs(maxMs = this.#maxMs): number {
    const ceiling = Math.min(maxMs, this.#minMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts++;
    return Math.ceil(ceiling * (0.5 + this.#random.next() / 2));
  }

  /** An attempt succeeded: the next pause is short again. */
  reset(): void {
    this.#attempts = 0;
  }
}

/** An even draw between two limits, whole milliseconds. */
export const jitterMs = (random: Pick<Random, 'next'>, minMs: number, maxMs: number): number =>
  Math.round(minMs + random.next() * (maxMs - minMs));
