import type { LeaderEpoch, Offset } from '../../src/base/brand.ts';
import { leaderEpoch, offset } from '../../src/base/brand.ts';
import { LeaderEpochCache } from '../../src/core/replica/leader-epoch-cache.ts';
import type { EpochEnd, ReplicaLog } from '../../src/core/replica/replica-log.ts';

/** One record of a simulated log: a batch of one, or a LeaderChange. */
export interface SimRecord {
  readonly leaderEpoch: LeaderEpoch;
  /** Unique; a witness keeps none (V3). */
  readonly payload: string | undefined;
}

/**
 * A log on a simulated disk: what was written shows at once, what was not fsynced is lost by a
 * crash, whole or in part.
 */
export class SimLog implements ReplicaLog {
  readonly logStartOffset: Offset = offset(0);
  readonly #records: SimRecord[] = [];
  #epochs = new LeaderEpochCache([], leaderEpoch(0));
  #persisted = 0;
  /** Counts truncations (L4). */
  generation = 0;

  get logEndOffset(): Offset {
    return offset(this.#records.length);
  }

  get persistedOffset(): Offset {
    return offset(this.#persisted);
  }

  get lastEpoch(): LeaderEpoch {
    return this.#records.at(-1)?.leaderEpoch ?? leaderEpoch(0);
  }

  at(place: number): SimRecord | undefined {
    return this.#records[place];
  }

  slice(from: number, to: number): readonly SimRecord[] {
    return this.#records.slice(from, to);
  }

  append(record: SimRecord): void {
    this.#epochs.assign(record.leaderEpoch, this.logEndOffset);
    this.#records.push(record);
  }

  endOffsetOf(epoch: LeaderEpoch): EpochEnd | undefined {
    return this.#epochs.endOffsetOf(epoch, this.logEndOffset);
  }

  truncateTo(end: Offset): void {
    this.generation++;
    this.#records.length = end;
    this.#persisted = Math.min(this.#persisted, end);
    this.#rebuildEpochs();
  }

  resetTo(): never {
    throw new Error('logs of this world begin at 0');
  }

  /** An fsync ended that began when the log ended there (L4). */
  fsynced(generation: number, end: Offset): void {
    if (generation === this.generation) this.#persisted = Math.max(this.#persisted, end);
  }

  /** Keeps what was fsynced and the first `kept` records of what was not; L7 makes them durable. */
  crash(kept: number): void {
    this.generation++;
    this.#records.length = Math.min(this.#records.length, this.#persisted + kept);
    this.#persisted = this.#records.length;
    this.#rebuildEpochs();
  }

  get unsynced(): number {
    return this.#records.length - this.#persisted;
  }

  #rebuildEpochs(): void {
    this.#epochs = new LeaderEpochCache([], leaderEpoch(0));
    this.#records.forEach((record, i) => this.#epochs.assign(record.leaderEpoch, offset(i)));
  }
}
