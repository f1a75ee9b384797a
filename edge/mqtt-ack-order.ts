import { Ring } from '../src/base/ring.ts';

/** One acknowledgement in its turn. `send` writes it, or resolves what will write it. */
export interface AckTurn {
  send: (() => void) | undefined;
  /** `send` only lets a promise settle: the packet is written some microtasks later. */
  readonly deferred: boolean;
}

/**
 * Keeps the acknowledgements of one connection in the order of their releases (C5). aedes writes
 * PUBREC only after it has delivered the publish to its subscribers, so a later one could overtake.
 */
export class MqttAckOrder {
  readonly #turns = new Ring<AckTurn>();
  #paused = false;

  /** Nothing is waiting: an acknowledgement may be written at once. */
  get idle(): boolean {
    return this.#turns.length === 0 && !this.#paused;
  }

  /** Takes the next turn for an acknowledgement that is not ready yet; `ready` completes it. */
  reserve(): AckTurn {
    const turn: AckTurn = { send: undefined, deferred: false };
    this.#turns.push(turn);
    return turn;
  }

  ready(turn: AckTurn, send: () => void): void {
    turn.send = send;
    this.#drain();
  }

  /** Takes the next turn with an acknowledgement that can be written as soon as it is its turn. */
  push(send: () => void, deferred: boolean): void {
    this.#turns.push({ send, deferred });
    this.#drain();
  }

  clear(): void {
    this.#turns.clear();
  }

  #drain(): void {
    for (;;) {
      const turn = this.#paused ? undefined : this.#turns.peek();
      if (turn?.send === undefined) return;
      this.#turns.shift();
      if (turn.deferred) this.#pauseForMicrotasks();
      turn.send();
    }
  }

  #pauseForMicrotasks(): void {
    this.#paused = true;
    setImmediate(() => {
      this.#paused = false;
      this.#drain();
    });
  }
}
