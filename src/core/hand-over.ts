import { monotonicMs, type MonotonicMs } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import type { Effect } from './effect.ts';
import type { LeaderTransfers, Transferable } from './leader-transfers.ts';
import type { Partition } from './partition.ts';

type Led = Transferable & Pick<Partition, 'voters' | 'leaderId' | 'inSyncIds' | 'isLed'>;

export interface HandOverOptions {
  readonly partitions: Iterable<Led>;
  readonly transfers: Pick<LeaderTransfers, 'begin'>;
  readonly now: () => MonotonicMs;
  readonly emit: (effect: Effect) => void;
}

/**
 * A clean stop: this node campaigns no more, hands the partitions that it leads to the voters in
 * sync, to each its share, and says that it may stop once all of them take records elsewhere, or
 * after `limits.handOverMsMax`. They go a few at a time, each is without a leader the shorter for
 * it; meanwhile publishers are served as ever (P1). A lone voter has nobody to hand over to.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  /** Those whose turn is still to come. */
  #waiting: Led[] = [];
  readonly #leaving = new Set<Led>();
  #leavingMax = 0;
  #begun = 0;
  #hurriesAt: MonotonicMs | undefined;
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
    const { partitions, now } = this.#options;
    this.#waiting = [...partitions].filter(
      ({ isLeader, voters }) => isLeader && voters?.voters.length !== 1,
    );
    const { length } = this.#waiting;
    this.#leavingMax = Math.max(limits.handOverAtOnceMin, Math.ceil(length / 4));
    this.#until = monotonicMs(now() + (length > 0 ? limits.handOverMsMax : 0));
    this.#hurriesAt = monotonicMs(now() + limits.handOverMsMax / 2);
  }

  /** Before the transfers' turn ends. */
  turnEnded(): void {
    if (this.#until === undefined) return;
    for (const partition of this.#leaving) {
      const { isLeader, leaderId, isLed } = partition;
      if (!isLeader && leaderId !== undefined && isLed) this.#leaving.delete(partition);
    }
    const { now, emit } = this.#options;
    this.#beginNext(now());
    const isDone = this.#leaving.size === 0;
    if (!isDone && now() < this.#until) return;
    this.#until = undefined;
    emit({ type: 'FinishStop' });
  }

  nextDeadline(): MonotonicMs | undefined {
    return this.#waiting.length > 0 ? this.#hurriesAt : this.#until;
  }

  #beginNext(now: MonotonicMs): void {
    if (this.#hurriesAt !== undefined && now >= this.#hurriesAt) this.#leavingMax = Infinity;
    while (this.#leaving.size < this.#leavingMax) {
      const partition = this.#waiting.shift();
      if (partition === undefined) return;
      if (!partition.isLeader) continue;
      const heirs = partition.inSyncIds.filter((nodeId) => nodeId !== partition.leaderId);
      this.#options.transfers.begin(partition, heirs[this.#begun++ % Math.max(heirs.length, 1)]);
      this.#leaving.add(partition);
    }
  }
}
