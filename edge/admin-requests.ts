/** Turns the core's answers, which come as effects, into promises. */
export class AdminRequests<Answer> {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextRequestId = 1;

  /** `send` gets the id that the answer will carry. */
  ask(send: (requestId: number) => void): Promise<Answer> {
    const requestId = this.#nextRequestId++;
    return new Promise((resolve) => {
      this.#waiting.set(requestId, resolve);
      send(requestId);
    });
  }

  answered(requestId: number, answer: Answer): void {
    this.#waiting.get(requestId)?.(answer);
    this.#waiting.delete(requestId);
  }
}
