import type { LogId } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';

/**
 * Fetched and not on the disk yet, of all logs of this node together. Fetching never waits for a
 * disk (T1), but a disk that is full takes nothing for hours: above the bound no records are asked
 * for, until half of them are written.
 */
export class WaitingBytes {
  readonly #byLog = new Map<LogId, number>();
  #total = 0;
  #hasRoom = true;

  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  /** So many wait of that log now. @returns whether `hasRoom` is another than before. */
  note(logId: LogId, bytes: number): boolean {
    this.#total += bytes - (this.#byLog.get(logId) ?? 0);
    if (bytes === 0) this.#byLog.delete(logId);
    else this.#byLog.set(logId, bytes);
    const hadRoom = this.#hasRoom;
    const max = hadRoom ? limits.fetchedBytesMax : limits.fetchedBytesMax / 2;
    this.#hasRoom = this.#total <= max;
    return this.#hasRoom !== hadRoom;
  }
}
