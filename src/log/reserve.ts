import type { Disk } from '../ports/disk.ts';
import { isFull, openFresh, unlinkIfThere } from './files.ts';

/** Its name in the data directory. */
export const reserveName = 'reserve';
const path = reserveName;
const chunkBytes = 1024 * 1024;
/** At most this part of the file system. */
const shareMax = 8;
/** It is written where so many times its size is free: that must not itself fill the disk. */
const roomFactor = 1.25;

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
  #writtenBytes = 0;
  #refilling: Promise<boolean> | undefined;

  private constructor(disk: Disk, bytes: number, held: { isHeld: boolean; isMissed: boolean }) {
    this.#disk = disk;
    this.#bytes = bytes;
    this.#isHeld = held.isHeld;
    this.#isMissed = held.isMissed;
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
    const isMissed = !isHeld && (held?.bytes ?? 0) + freeBytes < roomFactor * bytes;
    return new Reserve(disk, bytes, { isHeld, isMissed });
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
    return roomFactor * this.#bytes;
  }

  /** What of it is not on the disk now. */
  get missingBytes(): number {
    return this.#isHeld ? 0 : Math.max(0, this.#bytes - this.#writtenBytes);
  }

  /** Gives the room back to the disk. True if there was any to give. */
  async release(): Promise<boolean> {
    await this.#refilling?.catch(() => undefined);
    const held = await this.#disk.stat(path);
    this.#isHeld = false;
    if (held === undefined) return false;
    this.#isMissed = true;
    await unlinkIfThere(this.#disk, path);
    await this.#disk.syncDir('');
    return held.bytes > 0;
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
    await unlinkIfThere(this.#disk, path);
    if ((await this.#disk.space()).freeBytes < this.wantedBytes) return false;
    try {
      await this.#write();
    } catch (error) {
      if (!isFull(error)) throw error;
      await unlinkIfThere(this.#disk, path);
      return false;
    } finally {
      this.#writtenBytes = 0;
    }
    this.#isHeld = true;
    this.#isMissed = false;
    return true;
  }

  async #write(): Promise<void> {
    const chunk = new Uint8Array(Math.min(chunkBytes, this.#bytes));
    for (let at = 0; at < chunk.length; at++) chunk[at] = (at * 167 + (at >> 8)) & 0xff;
    const file = await openFresh(this.#disk, path);
    try {
      for (let at = 0; at < this.#bytes; at += chunk.length) {
        await file.write(at, [chunk.subarray(0, Math.min(chunk.length, this.#bytes - at))]);
        this.#writtenBytes = at + chunk.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#disk.syncDir('');
  }
}
