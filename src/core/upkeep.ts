import { monotonicMs, type MonotonicMs } from '../base/brand.ts';
import { Homeward, type HomewardOptions } from './cluster/homeward.ts';
import { StrayLogs, type StrayLogsOptions } from './stray-logs.ts';

/** What a node of a cluster looks after from time to time, once it is ready. */
export class Upkeep {
  readonly #chores: readonly (Homeward | StrayLogs)[];

  constructor(options: HomewardOptions & StrayLogsOptions) {
    this.#chores = [new Homeward(options), new StrayLogs(options)];
  }

  start(now: MonotonicMs): void {
    for (const chore of this.#chores) chore.start(now);
  }

  nextDeadline(): MonotonicMs | undefined {
    const due = this.#chores.flatMap((chore) => chore.nextDeadline() ?? []);
    return due.length === 0 ? undefined : monotonicMs(Math.min(...due));
  }

  tick(now: MonotonicMs): void {
    for (const chore of this.#chores) chore.tick(now);
  }
}
