import { monotonicMs, type MonotonicMs } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import type { Partition } from './partition.ts';
import type { Leadership } from './replica/leadership.ts';
import type { Replica } from './replica/replica.ts';

export type Transferable = Pick<Partition, 'isLeader' | 'refuseRecords'> & {
  readonly replica: Pick<Replica, 'resign'> & {
    readonly leadership: Pick<Leadership, 'hasWholeSuccessor'> | undefined;
  };
};

/** Who shall lead next; undefined: whoever has most. */
interface Transfer {
  readonly to: number | undefined;
  readonly refusesAtMs: MonotonicMs;
  readonly untilMs: MonotonicMs;
}

/**
 * Partitions that this node is about to lead no more (T4). The leader of each resigns when its
 * successor has fsynced all that there is: no log is longer, so every voter may choose it. What is
 * not committed by then, since this node's own fsync or a third copy is behind, goes back to its
 * queue, and the next leader answers it as a duplicate (P2). With few records there is such a
 * moment soon; if not in `limits.handOverGapMsMax`, it takes no further record until there is, or
 * until `limits.handOverDrainMsMax`: a successor that needs longer is not waited for.
 */
export class LeaderTransfers {
  readonly #now: () => MonotonicMs;
  readonly #open = new Map<Transferable, Transfer>();

  constructor(now: () => MonotonicMs) {
    this.#now = now;
  }

  /** @param to the node that shall lead, if it is in sync. */
  begin(partition: Transferable, to?: number): void {
    if (!partition.isLeader || this.#open.has(partition)) return;
    const now = this.#now();
    const refusesAtMs = monotonicMs(now + limits.handOverGapMsMax);
    const untilMs = monotonicMs(now + limits.handOverDrainMsMax);
    this.#open.set(partition, { to, refusesAtMs, untilMs });
  }

  turnEnded(): void {
    for (const [partition, { to, refusesAtMs, untilMs }] of this.#open) {
      const { replica } = partition;
      const now = this.#now();
      if (replica.leadership?.hasWholeSuccessor(to) === true) replica.resign(now, to);
      else if (now >= untilMs) replica.resign(now);
      else if (now >= refusesAtMs) partition.refuseRecords();
      if (!partition.isLeader) this.#open.delete(partition);
    }
  }

  nextDeadline(): MonotonicMs | undefined {
    if (this.#open.size === 0) return undefined;
    const now = this.#now();
    let next: MonotonicMs | undefined;
    for (const { refusesAtMs, untilMs } of this.#open.values()) {
      const dueAtMs = now < refusesAtMs ? refusesAtMs : untilMs;
      if (next === undefined || dueAtMs < next) next = dueAtMs;
    }
    return next;
  }
}
