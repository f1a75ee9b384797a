import { concatBytes, int32At } from '../../base/bytes.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';

/** Bytes of the length in front of each frame. */
export const frameLengthBytes = 4;

export type FrameFault = 'negative' | 'tooLarge';

/**
 * Cuts a connection's bytes into frames. A frame that lies within one chunk is a view of it; one
 * that spans several is copied once. Never keeps more than was received, whatever length a peer
 * announces.
 */
export class FrameSplitter {
  readonly #frameBytesMax: number;
  #pieces: Uint8Array[] = [];
  #heldBytes = 0;
  /** With fewer bytes than this there is nothing to cut. */
  #neededBytes = frameLengthBytes;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /**
   * The frames that `chunk` completes, without their lengths. After a fault the connection is of no
   * more use.
   */
  push(chunk: Uint8Array): Result<readonly Uint8Array[], FrameFault> {
    this.#pieces.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes < this.#neededBytes) return ok([]);
    const bytes = this.#pieces.length === 1 ? chunk : concatBytes(this.#pieces);
    return this.#cut(bytes);
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
    this.#heldBytes = bytes.length - at;
    this.#pieces = this.#heldBytes === 0 ? [] : [bytes.subarray(at)];
    return ok(frames);
  }
}
