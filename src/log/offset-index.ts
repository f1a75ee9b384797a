import { int32At, setInt32 } from '../base/bytes.ts';

const entryBytes = 8;

/**
 * Kafka's offset index: eight bytes an entry, last offset of a batch relative to the segment's base
 * and the position of that batch, both ascending. Sparse, kept in memory as it is on disk; derived
 * (L5): who looks up checks the batch that it is sent to.
 */
export class OffsetIndex {
  #bytes = new Uint8Array(64 * entryBytes);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  append(relativeOffset: number, position: number): void {
    const at = this.#count * entryBytes;
    if (at === this.#bytes.length) this.#grow();
    setInt32(this.#bytes, at, relativeOffset);
    setInt32(this.#bytes, at + 4, position);
    this.#count++;
  }

  /** The number of the last entry at or below `relativeOffset`, or -1. */
  floor(relativeOffset: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.relativeOffset(middle) <= relativeOffset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  relativeOffset(entry: number): number {
    return int32At(this.#bytes, entry * entryBytes);
  }

  position(entry: number): number {
    return int32At(this.#bytes, entry * entryBytes + 4);
  }

  /** The file's bytes from an entry on, in an array of their own. */
  encodeFrom(entry: number): Uint8Array {
    return this.#bytes.slice(entry * entryBytes, this.#count * entryBytes);
  }

  static positionInFile(entry: number): number {
    return entry * entryBytes;
  }

  /** The index in a file; undefined if it cannot be one of a segment of `segmentBytes`. */
  static decode(bytes: Uint8Array, segmentBytes: number): OffsetIndex | undefined {
    if (bytes.length % entryBytes !== 0) return undefined;
    const index = new OffsetIndex();
    let [lastOffset, lastPosition] = [-1, -1];
    for (let at = 0; at < bytes.length; at += entryBytes) {
      const [relative, position] = [int32At(bytes, at), int32At(bytes, at + 4)];
      if (relative <= lastOffset || position <= lastPosition || position >= segmentBytes) {
        return undefined;
      }
      index.append(relative, position);
      [lastOffset, lastPosition] = [relative, position];
    }
    return index;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
