import type { LeaderEpoch, Offset } from '../../src/base/brand.ts';
import { leaderEpoch as toEpoch, offset } from '../../src/base/brand.ts';
import type { OffsetRange } from '../../src/ports/recovered-log.ts';
import { LeaderEpochCache } from '../../src/core/replica/leader-epoch-cache.ts';
import type { LogStart } from '../../src/core/replica/log-start.ts';
import {
  isUpToDate,
  type EpochEnd,
  type LogEnd,
  type ReplicaLog,
} from '../../src/core/replica/replica-log.ts';
import { VoterHistory, VoterSet } from '../../src/core/replica/voter-set.ts';

/** One record of a simulated log: a batch of one, a LeaderChange, or a Voters record. */
export interface SimRecord {
  readonly leaderEpoch: LeaderEpoch;
  /** Unique; a witness keeps none (V3), a control record has none. */
  readonly payload: string | undefined;
  readonly voters?: VoterSet | undefined;
}

interface Content {
  readonly start: LogStart;
  readonly records: SimRecord[];
  readonly persisted: number;
}

/** A log from offset 0 on, with its first voters. */
export const newStart = (voters: VoterSet): LogStart => ({
  ...{ logStartOffset: offset(0), epochBefore: toEpoch(0), voters },
});

/**
 * A log on a simulated disk: what was written shows at once, what was not fsynced is lost by a
 * crash, whole or in part.
 */
export class SimLog implements ReplicaLog {
  #start: LogStart;
  #records: SimRecord[] = [];
  #epochs: LeaderEpochCache;
  #persisted = 0;
  /** Where the log was before some of it rotted. */
  #wholeFrom: LogEnd | undefined;
  /** Rot took what is missing up to there, and nothing was cut since. */
  #holeTo = 0;
  /** The Voters records that rot took, as the journal has them. */
  #stated: { readonly from: Offset; readonly set: VoterSet }[] = [];
  /** What is on the disk while a reset is on its way there. */
  #beforeReset: Content | undefined;
  /** Counts truncations and resets (L4). */
  generation = 0;
  /** A segment takes so many. */
  readonly #segmentRecords: number;

  constructor(start: LogStart = newStart(new VoterSet([])), segmentRecords = 1_000) {
    this.#start = start;
    this.#segmentRecords = segmentRecords;
    this.#epochs = new LeaderEpochCache([], start.epochBefore);
  }

  get logStartOffset(): Offset {
    return this.#start.logStartOffset;
  }

  get logEndOffset(): Offset {
    return offset(this.#start.logStartOffset + this.#records.length);
  }

  get persistedOffset(): Offset {
    return offset(this.#persisted);
  }

  get lastEpoch(): LeaderEpoch {
    return this.#epochs.latest?.leaderEpoch ?? this.#start.epochBefore;
  }

  /** What rotted is there again, durably. */
  get isWhole(): boolean {
    const end = { lastEpoch: this.lastEpoch, logEndOffset: this.persistedOffset };
    return this.#wholeFrom === undefined || isUpToDate(end, this.#wholeFrom);
  }

  get onlyHoles(): readonly OffsetRange[] | undefined {
    if (this.isWhole) return [];
    const hole = { from: this.persistedOffset, to: offset(this.#holeTo) };
    return hole.from < hole.to ? [hole] : undefined;
  }

  /** Voters records are known that are not there. */
  get hasLostVoters(): boolean {
    return this.#stated.length > 0;
  }

  /** What the disk has, or had before it rotted. */
  get promisedOffset(): number {
    return Math.max(this.#persisted, this.isWhole ? 0 : (this.#wholeFrom?.logEndOffset ?? 0));
  }

  /** A reset is on its way to the disk. */
  get isCutting(): boolean {
    return this.#beforeReset !== undefined;
  }

  get unsynced(): number {
    return this.isCutting ? 0 : this.logEndOffset - this.#persisted;
  }

  /** Where the segment begins that has an offset. */
  segmentOf(place: number): number {
    return place - (place % this.#segmentRecords);
  }

  at(place: number): SimRecord | undefined {
    return this.#records[place - this.#start.logStartOffset];
  }

  slice(from: number, to: number): readonly SimRecord[] {
    const first = this.#start.logStartOffset;
    return this.#records.slice(from - first, to - first);
  }

  /** The voter sets as a start reads them from the disk. */
  history(): VoterHistory {
    const { voters, logStartOffset } = this.#start;
    const history = new VoterHistory(voters, logStartOffset);
    this.#records.forEach((record, i) => {
      if (record.voters) history.appended(record.voters, offset(logStartOffset + i));
    });
    for (const { from, set } of this.#stated) history.appended(set, from);
    return history;
  }

  append(record: SimRecord): void {
    const at = this.logEndOffset;
    this.#epochs.assign(record.leaderEpoch, at);
    this.#records.push(record);
    this.#stated = this.#stated.filter(({ from }) => from > at);
  }

  epochAt(at: Offset): LeaderEpoch | undefined {
    return this.#epochs.epochAt(at);
  }

  endOffsetOf(leaderEpoch: LeaderEpoch): EpochEnd | undefined {
    return this.#epochs.endOffsetOf(leaderEpoch, this.logEndOffset);
  }

  truncateTo(end: Offset): void {
    this.generation++;
    this.#records.length = end - this.#start.logStartOffset;
    this.#persisted = Math.min(this.#persisted, end);
    this.#epochs.truncated(end);
    this.#holeTo = 0;
    this.#stated = [];
  }

  /** It keeps a share of itself, and knows that there was more. */
  rot(share: number): void {
    const { lastEpoch, logEndOffset, logStartOffset } = this;
    const wasWhole = this.isWhole;
    if (wasWhole) this.#wholeFrom = { lastEpoch, logEndOffset };
    const holeTo = wasWhole ? logEndOffset : this.#holeTo;
    const [, ...sets] = this.history().sets;
    this.truncateTo(offset(logStartOffset + Math.floor(share * (logEndOffset - logStartOffset))));
    this.#holeTo = holeTo;
    this.#stated = sets.filter(({ from }) => from >= this.logEndOffset);
  }

  /** The beginning goes; durable at once, as the log start is before the first unlink (L3). */
  advanceStart(to: Offset, voters: VoterSet): void {
    if (to <= this.#start.logStartOffset || this.isCutting) return;
    this.#epochs.logStartAdvanced(to);
    this.#records.splice(0, to - this.#start.logStartOffset);
    const epochBefore = this.#epochs.epochBefore ?? toEpoch(0);
    this.#start = { logStartOffset: to, epochBefore, voters };
    this.#persisted = Math.max(this.#persisted, to);
    this.#stated = this.#stated.filter(({ from }) => from > to);
  }

  /** What a replica is told that begins anew here. */
  startForReset(voters: VoterHistory): LogStart {
    return { ...this.#start, voters: voters.at(this.#start.logStartOffset) };
  }

  resetTo(start: LogStart): void {
    this.generation++;
    this.#beforeReset ??= {
      ...{ start: this.#start, records: this.#records, persisted: this.#persisted },
    };
    this.#holeTo = 0;
    this.#stated = [];
    this.#begin({ start, records: [], persisted: 0 });
  }

  /** Only now anything below the new start counts as persisted. */
  resetDone(): void {
    this.#beforeReset = undefined;
    this.#persisted = Math.max(this.#persisted, this.#start.logStartOffset);
  }

  /** An fsync ended that began when the log ended there (L4). */
  fsynced(generation: number, end: Offset): void {
    if (generation === this.generation) this.#persisted = Math.max(this.#persisted, end);
  }

  /**
   * Keeps what was fsynced, all but the last segment (a roll fsyncs the one before, L3), and the
   * first `kept` records of what was not; L7 makes them durable.
   */
  crash(kept: number): void {
    this.generation++;
    const before = this.#beforeReset;
    this.#beforeReset = undefined;
    if (before !== undefined) this.#begin(before);
    const rolled = before === undefined ? this.segmentOf(this.logEndOffset) : 0;
    const written = this.#persisted + (before === undefined ? kept : 0);
    const end = Math.min(this.logEndOffset, Math.max(written, rolled));
    this.#records.length = end - this.#start.logStartOffset;
    this.#persisted = end;
    this.#epochs.truncated(offset(end));
  }

  #begin({ start, records, persisted }: Content): void {
    this.#start = start;
    this.#records = records;
    this.#persisted = persisted;
    this.#epochs = new LeaderEpochCache([], start.epochBefore);
    records.forEach((record, i) => {
      this.#epochs.assign(record.leaderEpoch, offset(start.logStartOffset + i));
    });
  }
}
