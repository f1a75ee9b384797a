import { limits } from '../src/base/limits.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Effect } from '../src/core/effect.ts';
import type { Event } from '../src/core/event.ts';
import type { Now } from '../src/core/now.ts';

/** A deciding core: synchronous, without a clock of its own. */
export interface Core {
  step(event: Event, now: Now): readonly Effect[];
  nextDeadline(): number | undefined;
}

export interface LoopOptions {
  readonly core: Core;
  readonly clock: Clock;
  /** Runs one turn's effects in order; results come back as events. */
  readonly execute: (effects: readonly Effect[]) => void;
  /** The core threw: a bug. Called once, with the event that caused it; no event is taken after. */
  readonly failed: (error: unknown, event: Event) => void;
}

/**
 * Feeds the core. Events that arrive while the process polls its sockets make one turn: the core
 * sees them one by one, then `TurnEnded`, and the turn's effects run together. That is the group in
 * group commit.
 */
export class Loop {
  readonly #options: LoopOptions;
  #queue: Event[] = [];
  #isScheduled = false;
  #isStopped = false;
  #mayMoreCome = false;
  #roundsWaited = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDeadline: number | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  post(event: Event): void {
    if (this.#isStopped) return;
    this.#queue.push(event);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  }

  /**
   * A connection was taken. Node takes one in each round of its own loop, so a crowd would come in
   * one by one between turns, the last of a hundred after a hundred turns: a turn that is due waits
   * while they come, for a few rounds.
   */
  awaitMore(): void {
    this.#mayMoreCome = true;
  }

  /** Takes no further event; a turn in progress is finished. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  readonly #turn = (): void => {
    if (this.#mayMoreCome && this.#roundsWaited < limits.acceptRoundsMax) {
      this.#mayMoreCome = false;
      this.#roundsWaited++;
      setImmediate(this.#turn);
      return;
    }
    this.#roundsWaited = 0;
    this.#isScheduled = false;
    if (this.#isStopped) return;
    const events = this.#queue;
    this.#queue = [];
    events.push({ type: 'TurnEnded' });
    const { core, clock, execute, failed } = this.#options;
    const now: Now = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    for (const event of events) {
      try {
        const effects = core.step(event, now);
        if (effects.length > 0) execute(effects);
      } catch (error) {
        this.stop();
        failed(error, event);
        return;
      }
    }
    this.#arm(now);
  };

  #arm(now: Now): void {
    const deadline = this.#options.core.nextDeadline();
    if (deadline === this.#timerDeadline && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDeadline = deadline;
    if (deadline === undefined) return;
    const waitMs = Math.max(0, Math.ceil(deadline - now.monotonicMs));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.post({ type: 'TimerFired' });
    }, waitMs);
  }
}
