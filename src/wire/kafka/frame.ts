import { concatBytes, int32At } from '../../base/bytes.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';

/** Bytes of the length in front of each frame. */
export const frameLengthBytes = 4;

export type FrameFault = 'negative' | 'tooLarge';

/** Smaller chunks are gathered in blocks: each array of its own takes some 200 bytes. */
const chunkBytesMin = 4 * 1024;
const blockBytesMin = 256;

/**
 * Cuts a connection's bytes into frames. A frame that lies within one chunk is a view of it; one
 * that spans several is copied. Keeps little more than was received, whatever length a peer
 * announces and in however small pieces it comes.
 */
export class FrameSplitter {
  readonly #frameBytesMax: number;
  #pieces: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #blockBytes = 0;
  #heldBytes = 0;
  /** With fewer bytes than this there is nothing to cut. */
  #neededBytes = frameLengthBytes;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes of a frame that has not arrived whole. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** What that frame takes with its length, as far as it is known. */
  get neededBytes(): number {
    return this.#neededBytes;
  }

  /**
   * The frames that `chunk` completes, without their lengths. After a fault the connection is of no
   * more use.
   */
  push(chunk: Uint8Array): Result<readonly Uint8Array[], FrameFault> {
    if (this.#heldBytes === 0) return this.#cut(chunk);
    this.#hold(chunk);
    if (this.#heldBytes < this.#neededBytes) return ok([]);
    this.#endBlock();
    return this.#cut(concatBytes(this.#pieces));
  }

  #hold(chunk: Uint8Array): void {
    if (chunk.length >= chunkBytesMin) {
      this.#endBlock();
      this.#pieces.push(chunk);
    } else {
      if (this.#blockBytes + chunk.length > this.#block.length) this.#beginBlock(chunk.length);
      this.#block.set(chunk, this.#blockBytes);
      this.#blockBytes += chunk.length;
    }
    this.#heldBytes += chunk.length;
  }

  /** As large as all that is held, within bounds: what is taken ahead is in proportion to it. */
  #beginBlock(bytes: number): void {
    this.#endBlock();
    const wanted = Math.min(Math.max(this.#heldBytes, blockBytesMin), chunkBytesMin * 4);
    this.#block = new Uint8Array(Math.max(wanted, bytes));
  }

  #endBlock(): void {
    if (this.#blockBytes > 0) this.#pieces.push(this.#block.subarray(0, this.#blockBytes));
    this.#block = new Uint8Array(0);
    this.#blockBytes = 0;
  }

  #cut(bytes: Uint8Array): Result<readonly Uint8Array[], FrameFault> {
    const frames: Uint8Array[] = [];
    let at = 0;
    this.#neededBytes = frameLengthBytes;
    while (bytes.length - at >= frameLengthBytes) {
      const length = int32At(bytes, at);
      if (length < 0) return fail('negative');
      if (length > this.#frameBytesMax) return fail('tooLarge');
      const end = at + frameLengthBytes + length;
      if (end > bytes.length) {
        this.#neededBytes = end - at;
        break;
      }
      frames.push(bytes.subarray(at + frameLengthBytes, end));
      at = end;
    }
    this.#keep(bytes.subarray(at));
    return ok(frames);
  }

  /** A few bytes left over do not hold on to the whole array that they came in. */
  #keep(rest: Uint8Array): void {
    this.#heldBytes = rest.length;
    const isSmall = rest.length < chunkBytesMin;
    this.#pieces = rest.length === 0 ? [] : [isSmall ? rest.slice() : rest];
  }
}
