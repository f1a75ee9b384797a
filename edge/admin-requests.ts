import type { AdminAnswer } from '../src/core/effect.ts';

/** Turns the core's answers to operators, which come as effects, into promises. */
export class AdminRequests {
  readonly #waiting = new Map<number, (answer: AdminAnswer) => void>();
  #nextRequestId = 1;

  /** `send` gets the id that the answer will carry. */
  ask(send: (requestId: number) => void): Promise<AdminAnswer> {
    const requestId = this.#nextRequestId++;
    return new Promise((resolve) => {
      this.#waiting.set(requestId, resolve);
      send(requestId);
    });
  }

  answered(requestId: number, answer: AdminAnswer): void {
    this.#waiting.get(requestId)?.(answer);
    this.#waiting.delete(requestId);
  }
}
