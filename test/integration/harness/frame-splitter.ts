/**
 * Cuts a stream of Kafka frames: each is a 4-byte size and that many bytes, in pieces of any size.
 */
export class FrameSplitter {
  readonly #onFrame: (frame: Buffer) => void;
  #pieces: Buffer[] = [];
  #byteCount = 0;

  /** `onFrame` gets whole frames with their size. */
  constructor(onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#byteCount += piece.length;
    for (let size = this.#frameSize(); size !== undefined; size = this.#frameSize()) {
      const bytes = this.#joined();
      const rest = bytes.subarray(size);
      this.#pieces = rest.length === 0 ? [] : [rest];
      this.#byteCount = rest.length;
      this.#onFrame(bytes.subarray(0, size));
    }
  }

  #frameSize(): number | undefined {
    if (this.#byteCount < 4) return undefined;
    const first = this.#pieces[0];
    const head = first !== undefined && first.length >= 4 ? first : this.#joined();
    const size = 4 + head.readInt32BE(0);
    return this.#byteCount < size ? undefined : size;
  }

  #joined(): Buffer {
    const only = this.#pieces[0];
    if (this.#pieces.length === 1 && only !== undefined) return only;
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [bytes];
    return bytes;
  }
}
