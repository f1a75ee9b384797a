import { int32At, int64At, setInt32, setInt64 } from '../base/bytes.ts';

const entryBytes = 12;

/**
 * Kafka's time index: twelve bytes an entry, the largest timestamp so far in the segment and the
 * last offset of the batch that has it, relative to the segment's base; both strictly ascending.
 * Sparse and derived (L5).
 */
export class TimeIndex {
  #bytes = new Uint8Array(32 * entryBytes);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds an entry if its timestamp is above the last one's; does nothing otherwise. */
  maybeAppend(timestamp: number, relativeOffset: number): void {
    if (timestamp < 0) return;
    if (this.#count > 0 && timestamp <= this.timestamp(this.#count - 1)) return;
    const at = this.#count * entryBytes;
    if (at === this.#bytes.length) this.#grow();
    setInt64(this.#bytes, at, timestamp);
    setInt32(this.#bytes, at + 8, relativeOffset);
    this.#count++;
  }

  /**
   * The number of the last entry with a timestamp below `timestamp`, or -1: what is sought lies
   * behind it.
   */
  lastBelow(timestamp: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timestamp(middle) < timestamp) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  timestamp(entry: number): number {
    return int64At(this.#bytes, entry * entryBytes);
  }

  relativeOffset(entry: number): number {
    return int32At(this.#bytes, entry * entryBytes + 8);
  }

  /** The file's bytes from an entry on, in an array of their own. */
  encodeFrom(entry: number): Uint8Array {
    return this.#bytes.slice(entry * entryBytes, this.#count * entryBytes);
  }

  static positionInFile(entry: number): number {
    return entry * entryBytes;
  }

  /** The index in a file; undefined if its entries do not ascend. */
  static decode(bytes: Uint8Array): TimeIndex | undefined {
    if (bytes.length % entryBytes !== 0) return undefined;
    const index = new TimeIndex();
    let [lastTime, lastOffset] = [-1, -1];
    for (let at = 0; at < bytes.length; at += entryBytes) {
      const [time, relative] = [int64At(bytes, at), int32At(bytes, at + 8)];
      if (!Number.isSafeInteger(time) || time <= lastTime || relative <= lastOffset) {
        return undefined;
      }
      index.maybeAppend(time, relative);
      [lastTime, lastOffset] = [time, relative];
    }
    return index;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
