import { setTimeout as delay } from 'node:timers/promises';
import type { Result } from '../../src/base/result.ts';
import { fail, ok } from '../../src/base/result.ts';

/** Why something failed. What passes is worth another try: a leader is gone, the next one comes. */
export interface Trouble {
  readonly text: string;
  readonly passes: boolean;
}

export interface PatienceOptions {
  /** Told once for each trouble that does not pass at once. */
  readonly say: (text: string) => void;
  /** Default: real time. */
  readonly time?: PatienceTime;
}

export interface PatienceTime {
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
}

/** An election takes some seconds, a restart too. */
const troubleMsMax = 30_000;
const quietMs = 2_000;
const pauseMs = 250;

const realTime: PatienceTime = { nowMs: () => performance.now(), pause: (ms) => delay(ms) };

/** How long a command waits for leaders that are gone, and what it says meanwhile. */
export class Patience {
  readonly #options: PatienceOptions;
  #sinceMs: number | undefined;
  #hasSaid = false;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  get isTried(): boolean {
    return this.#sinceMs !== undefined;
  }

  /** Before another try: waits a little; fails when all that is wrong has taken too long. */
  async wait(trouble: string): Promise<Result<undefined, string>> {
    const { say, time = realTime } = this.#options;
    const nowMs = time.nowMs();
    this.#sinceMs ??= nowMs;
    const ms = nowMs - this.#sinceMs;
    if (ms >= troubleMsMax) return fail(`${trouble}; given up after ${Math.round(ms / 1_000)} s`);
    if (ms >= quietMs && !this.#hasSaid) {
      this.#hasSaid = true;
      say(`${trouble}; trying again`);
    }
    await time.pause(pauseMs);
    return ok(undefined);
  }

  /** Whatever was wrong is over. */
  over(): void {
    this.#sinceMs = undefined;
    this.#hasSaid = false;
  }
}
