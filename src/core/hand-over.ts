import { monotonicMs, type MonotonicMs } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import type { Effect } from './effect.ts';
import type { LeaderTransfers, Transferable } from './leader-transfers.ts';
import type { Partition } from './partition.ts';

type Led = Transferable & Pick<Partition, 'voters' | 'leaderId' | 'inSyncIds'>;

export interface HandOverOptions {
  readonly partitions: Iterable<Led>;
  readonly transfers: Pick<LeaderTransfers, 'begin'>;
  /** Bytes of publishes that have no answer yet. */
  readonly pendingBytes: () => number;
  readonly now: () => MonotonicMs;
  readonly emit: (effect: Effect) => void;
}

/**
 * A clean stop: this node campaigns no more, hands the partitions that it leads to the voters in
 * sync, to each its share, and says that it may stop once all of them are led again and its
 * publishers have their answers, or after `limits.handOverMsMax`. A lone voter has nobody to hand
 * over to.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  readonly #leaving = new Set<Led>();
  #until: MonotonicMs | undefined;
  #hasBegun = false;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** Whether a stop was asked for: from then on nothing is led anew here. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { partitions, transfers, now } = this.#options;
    for (const partition of partitions) {
      const isAlone = partition.voters?.voters.length === 1;
      if (!partition.isLeader || isAlone) continue;
      const heirs = partition.inSyncIds.filter((nodeId) => nodeId !== partition.leaderId);
      transfers.begin(partition, heirs[this.#leaving.size % Math.max(heirs.length, 1)]);
      this.#leaving.add(partition);
    }
    this.#until = monotonicMs(now() + (this.#leaving.size > 0 ? limits.handOverMsMax : 0));
  }

  /** After the transfers' turn has ended. */
  turnEnded(): void {
    if (this.#until === undefined) return;
    for (const partition of this.#leaving) {
      const isLed = !partition.isLeader && partition.leaderId !== undefined;
      if (isLed) this.#leaving.delete(partition);
    }
    const { pendingBytes, now, emit } = this.#options;
    const isDone = this.#leaving.size === 0 && pendingBytes() === 0;
    if (!isDone && now() < this.#until) return;
    this.#until = undefined;
    emit({ type: 'FinishStop' });
  }

  nextDeadline(): MonotonicMs | undefined {
    return this.#until;
  }
}
