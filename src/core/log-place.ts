import type { LeaderEpoch, LogGeneration, Offset } from '../base/brand.ts';
import type { OffsetRange } from '../ports/recovered-log.ts';
import type { Now } from './now.ts';
import type { LogState } from './log-state.ts';
import type { EpochEnd } from './replica/replica-log.ts';

/** What a partition lets others know of its log, and do with it. */
export class LogPlace {
  protected readonly log: LogState;

  constructor(log: LogState) {
    this.log = log;
  }

  get isCutting(): boolean {
    return this.log.isCutting;
  }

  get generation(): LogGeneration {
    return this.log.generation;
  }

  get logStartOffset(): Offset {
    return this.log.logStartOffset;
  }

  get logEndOffset(): Offset {
    return this.log.logEndOffset;
  }

  /** Of the last batch. */
  get lastEpoch(): LeaderEpoch {
    return this.log.lastEpoch;
  }

  /** First offset of the newest epoch that has a batch here. */
  get lastEpochStart(): Offset {
    return this.log.lastEpochStart;
  }

  /** Nothing of this log waits for the disk. */
  get isAllPersisted(): boolean {
    return this.log.persistedOffset === this.log.logEndOffset;
  }

  endOffsetOf(epoch: LeaderEpoch): EpochEnd | undefined {
    return this.log.endOffsetOf(epoch);
  }

  get holes(): readonly OffsetRange[] {
    return this.log.holes;
  }

  /** How far it was before rot, or before it was emptied here; undefined: all of that is back. */
  get onceHad(): Offset | undefined {
    return this.log.onceHad;
  }

  get waitingBytes(): number {
    return this.log.waitingBytes;
  }

  repair(batches: Uint8Array): void {
    this.log.repair(batches);
  }

  /**
   * Seals the active segment now, so that all before the log end can go by whole segments.
   * @returns false if nothing was appended since it was last sealed.
   */
  roll(): boolean {
    return this.log.roll();
  }

  producerSnapshot(): Uint8Array {
    return this.log.producerSnapshot();
  }

  /**
   * Forgets producers that were idle for `limits.producerIdleMs`, but none that `isPinned` names
   * (P5).
   */
  expireProducers(now: Now, isPinned: (producerId: bigint) => boolean): void {
    this.log.producers.expire(now.monotonicMs, isPinned);
  }

  logStartAdvanced(to: Offset): void {
    this.log.logStartAdvanced(to);
  }
}
