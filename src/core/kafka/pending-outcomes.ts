import { monotonicMs } from '../../base/brand.ts';
import type { Exchange, HandlerContext } from './handler.ts';

export interface PendingOutcomesOptions<Outcome> {
  readonly count: number;
  readonly timeoutMs: number;
  /**
   * Called once with all of them; never if the connection is gone before. Undefined: not decided
   * when the time was over.
   */
  readonly settle: (outcomes: readonly (Outcome | undefined)[]) => void;
}

/** The parts of one request, which end one by one in any order, and its answer when all have. */
export class PendingOutcomes<Outcome extends object> {
  readonly #options: PendingOutcomesOptions<Outcome>;
  readonly #outcomes: (Outcome | undefined)[];
  #undecided: number;
  #isSettled = false;
  /** Cancels the deadline. */
  #stopWaiting: () => void = () => undefined;

  constructor(options: PendingOutcomesOptions<Outcome>) {
    this.#options = options;
    this.#undecided = options.count;
    this.#outcomes = Array.from({ length: options.count }, () => undefined);
  }

  /** How part `index` ended; only the first word counts. */
  decide(index: number, outcome: Outcome): void {
    if (this.#isSettled || this.#outcomes[index] !== undefined) return;
    this.#outcomes[index] = outcome;
    this.#undecided--;
    if (this.#undecided === 0) this.#settle();
  }

  /** Every part is on its way: settles if there is nothing to wait for, else waits. */
  wait({ deadlines, now }: HandlerContext, exchange: Exchange): void {
    if (this.#isSettled) return;
    if (this.#undecided === 0) return this.#settle();
    const expiry = monotonicMs(now() + Math.max(this.#options.timeoutMs, 0));
    const deadline = deadlines.add(expiry, () => this.#settle());
    this.#stopWaiting = () => deadlines.cancel(deadline);
    exchange.onAbandoned(() => {
      this.#stopWaiting();
      this.#isSettled = true;
    });
  }

  #settle(): void {
    this.#isSettled = true;
    this.#stopWaiting();
    this.#options.settle(this.#outcomes);
  }
}
