import type { MonotonicMs } from './brand.ts';
import { limits } from './limits.ts';

/**
 * Watches a request or packet that arrives in parts: in every `partArrivalMs` it has to bring
 * `partArrivalBytesMin` or come to its end. A byte now and then does not keep a place for ever, and
 * a slow link is no offence.
 */
export class ArrivalWindow {
  #from: MonotonicMs | undefined;
  #fromBytes = 0;
  #heldBytes = 0;

  /** So much of it is here; 0: nothing of any. */
  arrived(heldBytes: number, now: MonotonicMs): void {
    this.#heldBytes = heldBytes;
    if (heldBytes === 0) this.#from = undefined;
    else if (this.#from === undefined) this.restart(now);
  }

  /** It came to its end. */
  ended(): void {
    this.#from = undefined;
  }

  /** Time begins anew: that nothing came was not the peer's fault. */
  restart(now: MonotonicMs): void {
    this.#from = now;
    this.#fromBytes = this.#heldBytes;
  }

  get isOpen(): boolean {
    return this.#from !== undefined;
  }

  /** Asked again and again: whether it came too slowly. */
  isOverdue(now: MonotonicMs): boolean {
    if (this.#from === undefined || now - this.#from <= limits.partArrivalMs) return false;
    if (this.#heldBytes - this.#fromBytes < limits.partArrivalBytesMin) return true;
    this.restart(now);
    return false;
  }
}
