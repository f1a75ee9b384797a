import type { Disk } from '../ports/disk.ts';
import { isFull, openFresh } from './files.ts';

/** Its name in the data directory. */
export const reserveName = 'reserve';
const path = reserveName;
/** So much is given up at once. */
export const reserveStepBytes = 1024 * 1024;
const chunkBytes = 1024 * 1024;
/** At most this part of the file system. */
const shareMax = 8;
/** It is written where so many times its size is free: that must not itself fill the disk. */
const roomFactor = 1.25;

interface Held {
  readonly isHeld: boolean;
  readonly isMissed: boolean;
  readonly bytes: number;
}

/**
 * Room that is kept for a full disk (L9): a written file that is given up when recovery, votes,
 * control batches, views or internal topics need space, and written again later. Not sparse, and
 * not of zeros, which some file systems do not store.
 */
export class Reserve {
  readonly #disk: Disk;
  readonly #bytes: number;
  #isHeld: boolean;
  #isMissed: boolean;
  #heldBytes: number;
  #refilling: Promise<boolean> | undefined;

  private constructor(disk: Disk, bytes: number, held: Held) {
    this.#disk = disk;
    this.#bytes = bytes;
    this.#isHeld = held.isHeld;
    this.#isMissed = held.isMissed;
    this.#heldBytes = held.bytes;
  }

  /**
   * Looks whether the reserve of `reserveBytes`, or an eighth of the file system, is there. Writes
   * nothing. Where it is not and has no room, a start before this one gave it up, or nobody ever
   * had room for it: it is missed.
   */
  static async open(disk: Disk, reserveBytes: number): Promise<Reserve> {
    const { totalBytes, freeBytes } = await disk.space();
    const bytes = Math.min(reserveBytes, Math.floor(totalBytes / shareMax));
    const held = await disk.stat(path);
    const isHeld = held !== undefined && held.bytes >= bytes;
    const heldBytes = Math.min(bytes, held?.bytes ?? 0);
    const isMissed = !isHeld && heldBytes + freeBytes < roomFactor * bytes;
    return new Reserve(disk, bytes, { isHeld, isMissed, bytes: heldBytes });
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * It was given up and is not back: what is free since is for what it was kept for, and nothing
   * else may be written.
   */
  get isMissed(): boolean {
    return this.#isMissed;
  }

  /** What must be free for it to be written again. */
  get wantedBytes(): number {
    return roomFactor * this.#bytes - this.#heldBytes;
  }

  /** What of it is not on the disk now. */
  get missingBytes(): number {
    return this.#bytes - this.#heldBytes;
  }

  /**
   * Gives a step of the room back to the disk, the rest of it is kept for the next need: whoever
   * else fills this disk may take what was given. True if there was any to give.
   */
  async release(): Promise<boolean> {
    await this.#refilling?.catch(() => undefined);
    const held = await this.#disk.stat(path);
    this.#isHeld = false;
    if (held === undefined || held.bytes === 0) return false;
    this.#isMissed = true;
    await this.#cut(Math.max(0, held.bytes - reserveStepBytes));
    return true;
  }

  /**
   * Takes the room again. False, with nothing taken, if that would leave less than a quarter as
   * much: refilling must not itself fill the disk. Seconds on an SD card; run it beside the work.
   */
  async refill(): Promise<boolean> {
    if (this.#isHeld || this.#bytes === 0) return true;
    this.#refilling ??= this.#refill().finally(() => (this.#refilling = undefined));
    return this.#refilling;
  }

  async #refill(): Promise<boolean> {
    this.#heldBytes = Math.min(this.#bytes, (await this.#disk.stat(path))?.bytes ?? 0);
    if ((await this.#disk.space()).freeBytes < this.wantedBytes) return false;
    const before = this.#heldBytes;
    try {
      await this.#write();
    } catch (error) {
      if (!isFull(error)) throw error;
      await this.#cut(before);
      return false;
    }
    this.#isHeld = true;
    this.#isMissed = false;
    return true;
  }

  async #cut(bytes: number): Promise<void> {
    // The disk may have been too full to make the file at all.
    const isThere = (await this.#disk.stat(path)) !== undefined;
    this.#heldBytes = isThere ? bytes : 0;
    if (!isThere) return;
    const file = await this.#disk.open(path, 'readWrite');
    try {
      await file.truncate(bytes);
    } finally {
      await file.close();
    }
  }

  /** Writes what is missing behind what is there. */
  async #write(): Promise<void> {
    const chunk = new Uint8Array(Math.min(chunkBytes, this.#bytes));
    for (let at = 0; at < chunk.length; at++) chunk[at] = (at * 167 + (at >> 8)) & 0xff;
    const file =
      this.#heldBytes === 0
        ? await openFresh(this.#disk, path)
        : await this.#disk.open(path, 'readWrite');
    try {
      for (let at = this.#heldBytes; at < this.#bytes; at = this.#heldBytes) {
        const piece = chunk.subarray(0, Math.min(chunk.length, this.#bytes - at));
        await file.write(at, [piece]);
        this.#heldBytes = at + piece.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#disk.syncDir('');
  }
}
