import { assert } from './assert.ts';

/** A part of a `ByteRoom`, or a place in the queue for one. */
export interface RoomClaim {
  /** Bytes that it holds, or waits for. */
  bytes: number;
  isGranted: boolean;
  readonly granted: () => void;
}

/**
 * Memory that many connections share, in bytes: whoever needs some claims it before it takes it,
 * and where there is none it waits its turn, first come first served. A claim larger than the whole
 * room is granted when nobody else has any.
 */
export class ByteRoom {
  readonly #bytesMax: number;
  readonly #waiting = new Set<RoomClaim>();
  #usedBytes = 0;
  #turnover = 0;
  #isServing = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Grows with every grant and every byte given back: standing still while awaited is a jam. */
  get turnover(): number {
    return this.#turnover;
  }

  /** Claims bytes. Where `isGranted` is false at first, `granted` is called once it is true. */
  claim(bytes: number, granted: () => void): RoomClaim {
    const claim: RoomClaim = { bytes, isGranted: false, granted };
    if (this.#waiting.size === 0 && this.#fits(bytes)) this.#grant(claim);
    else this.#waiting.add(claim);
    return claim;
  }

  /** A claim for what cannot be asked for before: granted, with nothing in it yet. */
  open(): RoomClaim {
    return { bytes: 0, isGranted: true, granted: () => undefined };
  }

  /** As much as a claim should ask for: at most half of what is left, at least `bytesMin`. */
  portion(bytesWanted: number, bytesMin: number): number {
    const half = Math.floor((this.#bytesMax - this.#usedBytes) / 2);
    return Math.min(bytesWanted, Math.max(bytesMin, half));
  }

  /** What a granted claim came to, which may be more than there was room for. */
  change(claim: RoomClaim, bytes: number): void {
    assert(claim.isGranted, 'only what is granted changes');
    if (bytes === claim.bytes) return;
    const isLess = bytes < claim.bytes;
    this.#usedBytes += bytes - claim.bytes;
    claim.bytes = bytes;
    if (isLess) this.#givenBack();
  }

  /** Gives it back, or leaves the queue. Harmless when it was freed before. */
  free(claim: RoomClaim): void {
    if (claim.isGranted) this.change(claim, 0);
    else if (this.#waiting.delete(claim)) this.#serve();
  }

  #givenBack(): void {
    this.#turnover++;
    this.#serve();
  }

  /** A loop, not a recursion: who is granted may give back at once. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    for (const claim of this.#waiting) {
      if (!this.#fits(claim.bytes)) break;
      this.#waiting.delete(claim);
      this.#grant(claim);
      claim.granted();
    }
    this.#isServing = false;
  }

  #grant(claim: RoomClaim): void {
    claim.isGranted = true;
    this.#usedBytes += claim.bytes;
    this.#turnover++;
  }

  #fits(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#bytesMax;
  }
}
