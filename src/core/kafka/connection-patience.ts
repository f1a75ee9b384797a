import { ArrivalWindow } from '../../base/arrival-window.ts';
import type { MonotonicMs } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';

/**
 * How long a peer may keep a connection without use: one that never asks, one whose request never
 * ends, one that has been silent for very long. A pause that we made does not count against it.
 */
export class ConnectionPatience {
  readonly #window = new ArrivalWindow();
  #hasAsked = false;
  #heardAt: MonotonicMs;
  #isPaused = false;

  constructor(now: MonotonicMs) {
    this.#heardAt = now;
  }

  /** A whole request. */
  requestArrived(now: MonotonicMs): void {
    this.#hasAsked = true;
    this.#heardAt = now;
    this.#window.ended();
  }

  /** `heldBytes` of a request are here; 0: nothing of any. */
  partArrived(heldBytes: number, now: MonotonicMs): void {
    this.#window.arrived(heldBytes, now);
  }

  /** The peer takes its answers: it is not idle. */
  answerTaken(now: MonotonicMs): void {
    this.#heardAt = now;
  }

  paused(isPaused: boolean, now: MonotonicMs): void {
    this.#isPaused = isPaused;
    if (this.#hasAsked) this.#heardAt = now;
    if (!isPaused && this.#window.isOpen) this.#window.restart(now);
  }

  /** Why it is to be closed, or undefined. */
  overdue(isBusy: boolean, now: MonotonicMs): string | undefined {
    if (this.#isPaused) return undefined;
    if (this.#window.isOverdue(now)) return 'a request that does not end';
    const silentMs = now - this.#heardAt;
    if (!this.#hasAsked) return silentMs > limits.kafkaFirstRequestMs ? 'no request' : undefined;
    return !isBusy && silentMs > limits.kafkaIdleMs ? 'idle' : undefined;
  }
}
