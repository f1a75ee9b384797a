import { limits } from '../../base/limits.ts';
import type { Outgoing } from './rebuild.ts';

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

  /** Records of these are refused: down to a single batch, those before find a way. */
  refused(batches: readonly Pick<Outgoing, 'header'>[]): void {
    const sent = batches.reduce((sum, { header }) => sum + header.totalBytes, 0);
    this.#bytes = Math.max(1, Math.floor(Math.min(this.#bytes, sent) / 2));
  }

  failed(): void {
    this.#bytes = Math.max(limits.forwardTransactionBytesMin, Math.floor(this.#bytes / 2));
  }
}
