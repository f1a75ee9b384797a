import type { LogId } from '../../base/brand.ts';

/** A parked Fetch: whose high watermarks it waits for, and what to do then. */
export interface FetchWait {
  readonly logIds: readonly LogId[];
  readonly wake: () => void;
}

/** The Fetches that wait for records, by log. A wait is woken at most once. */
export class FetchWaits {
  readonly #waits = new Map<LogId, Set<FetchWait>>();

  park(wait: FetchWait): void {
    for (const logId of wait.logIds) {
      const waits = this.#waits.get(logId);
      if (waits === undefined) this.#waits.set(logId, new Set([wait]));
      else waits.add(wait);
    }
  }

  /** Takes a wait out without waking it. */
  remove(wait: FetchWait): void {
    for (const logId of wait.logIds) {
      const waits = this.#waits.get(logId);
      waits?.delete(wait);
      if (waits?.size === 0) this.#waits.delete(logId);
    }
  }

  wake(logId: LogId): void {
    for (const wait of [...(this.#waits.get(logId) ?? [])]) {
      this.remove(wait);
      wait.wake();
    }
  }
}
