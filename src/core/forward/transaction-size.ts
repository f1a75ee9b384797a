import { limits } from '../../base/limits.ts';

/**
 * How much one transaction fetches. A link that cannot carry the most in the time that a request
 * has would never finish any: trouble halves it. It grows again only while there is time to spare,
 * or every second transaction would be in vain. It decides a size and nothing else (X3).
 */
export class TransactionSize {
  #bytes: number = limits.forwardTransactionBytesMax;

  get bytes(): number {
    return this.#bytes;
  }

  committed(tookMs: number): void {
    if (tookMs > limits.forwardRequestMsMax / 4) return;
    this.#bytes = Math.min(limits.forwardTransactionBytesMax, this.#bytes * 2);
  }

  failed(): void {
    this.#bytes = Math.max(limits.forwardTransactionBytesMin, Math.floor(this.#bytes / 2));
  }
}
