import type { MonotonicMs } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import type { Partition } from './partition.ts';

/** Since when the partitions of this node have no leader that is known here. */
export class LeaderlessWatch {
  readonly #since = new Map<Partition, MonotonicMs>();

  /** It was opened, or follows another leader, or none. */
  changed(partition: Partition, now: MonotonicMs): void {
    if (partition.leaderId !== undefined) this.#since.delete(partition);
    else if (!this.#since.has(partition)) this.#since.set(partition, now);
  }

  /** Its folder was set aside (V6). */
  removed(partition: Partition): void {
    this.#since.delete(partition);
  }

  /** One of them can neither be led here nor follow for too long. */
  isStranded(now: MonotonicMs): boolean {
    for (const since of this.#since.values()) {
      if (now - since >= limits.leaderlessMsMax) return true;
    }
    return false;
  }
}
