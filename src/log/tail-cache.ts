import { offset } from '../base/brand.ts';
import type { Offset } from '../base/brand.ts';
import { concatBytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';

interface CachedBatch {
  readonly bytes: Uint8Array;
  readonly baseOffset: Offset;
  readonly endOffset: Offset;
}

export interface ReadRange {
  readonly from: Offset;
  readonly to: Offset;
  readonly bytesMax: number;
}

/**
 * The newest batches of a log, as they were appended: whoever reads the tail does not touch the
 * disk.
 */
export class TailCache {
  #batches: CachedBatch[] = [];
  /** Batches before this index are gone; the array is shortened now and then. */
  #first = 0;
  #bytes = 0;

  push(bytes: Uint8Array, baseOffset: Offset, lastOffset: Offset): void {
    // A small view would keep the whole buffer behind it alive.
    const own = bytes.buffer.byteLength > 2 * bytes.length ? bytes.slice() : bytes;
    this.#batches.push({ bytes: own, baseOffset, endOffset: offset(lastOffset + 1) });
    this.#bytes += own.length;
    while (this.#bytes > limits.tailCacheBytesMax && this.#first < this.#batches.length) {
      this.#bytes -= (this.#batches[this.#first] as CachedBatch).bytes.length;
      this.#first++;
    }
    if (this.#first > 64 && this.#first * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#first);
      this.#first = 0;
    }
  }

  clear(): void {
    this.#batches = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  /**
   * Whole batches from the one that holds `from`, at least one; undefined if that one is not here.
   * A single one is not copied: its bytes are the log's.
   */
  read({ from, to, bytesMax }: ReadRange): Uint8Array | undefined {
    const start = this.#indexOf(from);
    if (start === undefined) return undefined;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (let index = start; index < this.#batches.length; index++) {
      const batch = this.#batches[index] as CachedBatch;
      if (batch.endOffset > to) break;
      if (chunks.length > 0 && bytes + batch.bytes.length > bytesMax) break;
      chunks.push(batch.bytes);
      bytes += batch.bytes.length;
    }
    return chunks.length === 1 ? chunks[0] : concatBytes(chunks);
  }

  #indexOf(from: Offset): number | undefined {
    let low = this.#first;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#batches[middle] as CachedBatch).endOffset <= from) low = middle + 1;
      else high = middle;
    }
    const found = this.#batches[low];
    return found !== undefined && found.baseOffset <= from ? low : undefined;
  }
}
