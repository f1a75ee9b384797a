import { assert, present } from '../../base/assert.ts';

/** Starts something and calls `resume` exactly once when it is done, perhaps at once. */
export type Wait<T> = (resume: (value: T) => void) => void;

/**
 * A conversation written top to bottom: it yields what it waits for and goes on, synchronously,
 * when that is done. It is a state machine whose states the compiler keeps: no promise, no clock,
 * replayed exactly from its inputs.
 */
export type Procedure<T> = Generator<Wait<void>, T, void>;

/** Waits for one thing inside a procedure: `const answer = yield* wait(call)`. */
export function* wait<T>(start: Wait<T>): Procedure<T> {
  let arrived: { readonly value: T } | undefined;
  yield (resume) =>
    start((value) => {
      assert(arrived === undefined, 'a wait is resumed once');
      arrived = { value };
      resume();
    });
  return present(arrived, 'a procedure goes on only when its wait is over').value;
}

/** Waits for several things; the values come in the order of the waits. */
export function together<T>(waits: readonly Wait<T>[]): Wait<T[]> {
  return (resume) => {
    const values = new Array<T>(waits.length);
    let missing = waits.length;
    if (missing === 0) resume(values);
    waits.forEach((start, index) =>
      start((value) => {
        values[index] = value;
        missing--;
        if (missing === 0) resume(values);
      }),
    );
  };
}

/**
 * Runs one procedure at a time. One that was replaced is never resumed again, whatever still
 * arrives for it.
 */
export class Runner {
  #current: Procedure<void> | undefined;

  get running(): boolean {
    return this.#current !== undefined;
  }

  start(procedure: Procedure<void>): void {
    this.#current = procedure;
    this.#advance(procedure);
  }

  stop(): void {
    this.#current = undefined;
  }

  #advance(procedure: Procedure<void>): void {
    while (procedure === this.#current) {
      const step = procedure.next();
      // The procedure itself may have asked for its replacement.
      if (procedure !== this.#current) return;
      if (step.done === true) {
        this.#current = undefined;
        return;
      }
      let over = false;
      let inLoop = true;
      step.value(() => {
        over = true;
        if (!inLoop) this.#advance(procedure);
      });
      inLoop = false;
      if (!over) return;
    }
  }
}
