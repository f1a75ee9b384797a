import type { MonotonicMs } from '../../base/brand.ts';
import type { ByteRoom } from '../../base/byte-room.ts';
import { limits } from '../../base/limits.ts';

/** Tells when a room that others wait for has not moved for `limits.kafkaJamMs`. */
export class RoomJam {
  readonly #room: ByteRoom;
  #turnover = 0;
  #since: MonotonicMs | undefined;

  constructor(room: ByteRoom) {
    this.#room = room;
  }

  /** Asked again and again; after each yes the patience begins anew. */
  isJammed(now: MonotonicMs): boolean {
    const { isAwaited, turnover } = this.#room;
    if (!isAwaited || turnover !== this.#turnover) this.#since = isAwaited ? now : undefined;
    else this.#since ??= now;
    this.#turnover = turnover;
    if (this.#since === undefined || now - this.#since < limits.kafkaJamMs) return false;
    this.#since = undefined;
    return true;
  }
}
