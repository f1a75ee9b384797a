import type { Offset } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { ForwardContext } from './context.ts';
import { wait, type Procedure, type Wait } from './procedure.ts';
import type { ForwardMark } from './supervision.ts';
import { waiting } from './trouble.ts';

/** What the node does first has no limit of its own: it ends when there is a leader, or room. */
export const notAllowedYet = waiting(
  'the node must record first what goes next, and waits for a leader of `__cluster`, or for its disk',
);

/** The node's leave for the transactions of one partition, one after the other (L10). */
export class Permission {
  readonly #context: ForwardContext;
  #question: Wait<boolean> | undefined;

  constructor(context: ForwardContext) {
    this.#context = context;
  }

  /** @param late called once if the answer takes long, unless nobody waits for it any more. */
  *ask(attempt: ForwardMark, from: Offset, late: () => void): Procedure<boolean> {
    const { ask, sleep } = this.#context;
    const question = ask(attempt, from);
    this.#question = question;
    sleep(limits.forwardAnswerMs)(() => {
      if (this.#question === question) late();
    });
    const isAllowed = yield* wait(question);
    this.#question = undefined;
    return isAllowed;
  }

  /** Whoever asked is gone. */
  drop(): void {
    this.#question = undefined;
  }
}
