import { assert } from '../base/assert.ts';
import {
  leaderEpoch as toEpoch,
  logGeneration,
  offset,
  type LeaderEpoch,
  type LogGeneration,
  type LogId,
  type Offset,
  type Uuid,
} from '../base/brand.ts';
import type { OffsetRange, ProducerBatch, RecoveredLog } from '../ports/recovered-log.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../wire/kafka/producer-snapshot.ts';
import { stampBatch, type RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { lastSequenceOf } from '../wire/kafka/sequence.ts';
import type { Effect } from './effect.ts';
import type { LogFollower } from './log-follower.ts';
import { ProducerState } from './produce/producer-state.ts';
import { LeaderEpochCache } from './replica/leader-epoch-cache.ts';
import type { LogStart } from './replica/log-start.ts';
import type { EpochEnd, ReplicaLog } from './replica/replica-log.ts';
import type { VoterHistory } from './replica/voter-set.ts';
import { witnessRange, type WitnessRange } from './witness-range.ts';

export interface LogStateOptions {
  readonly logId: LogId;
  readonly segmentBytesMax: number;
  /** How far it was before it was emptied here, or before a cut took what had rotted (V4). */
  readonly onceHad?: Offset | undefined;
  readonly emit: (effect: Effect) => void;
  readonly appended: LogFollower['appended'];
  readonly truncated: LogFollower['truncated'];
  readonly reset: LogFollower['reset'];
}

/**
 * What the core knows of one log, always a little ahead of the disk: where it begins and ends, its
 * leader epochs, its producers, and when its segment is full.
 */
export class LogState implements ReplicaLog {
  readonly #options: LogStateOptions;
  readonly #place: { readonly topicId: Uuid; readonly partition: number };
  #epochs: LeaderEpochCache;
  #producers: ProducerState;
  #generation: LogGeneration;
  #logStartOffset: Offset;
  #logEndOffset: Offset;
  #persistedOffset: Offset;
  #segmentBytes: number;
  #segmentBaseOffset: Offset;
  /** Bytes appended behind a cut that the disk has not answered yet; undefined: there is none. */
  #bytesSinceCut: number | undefined;
  #holes: readonly OffsetRange[];
  /** Undefined: the journal knows of nothing (V4). */
  #onceHad: Offset | undefined;
  /** What its leader said last of that, while it matters. */
  #committed: { readonly highWatermark: Offset; readonly epoch: LeaderEpoch } | undefined;
  /** Fetched batches that are not persisted, and their bytes together. */
  readonly #waiting: { readonly endOffset: Offset; readonly bytes: number }[] = [];
  #waitingBytes = 0;

  constructor(recovered: RecoveredLog, options: LogStateOptions) {
    this.#options = options;
    this.#place = { topicId: recovered.topicId, partition: recovered.partition };
    this.#generation = recovered.generation;
    this.#epochs = epochsOf(recovered);
    this.#producers = recoverProducers(recovered);
    this.#logStartOffset = recovered.logStartOffset;
    this.#logEndOffset = recovered.logEndOffset;
    this.#persistedOffset = recovered.logEndOffset; // L7: recovery made it durable
    this.#segmentBytes = recovered.activeSegment.bytes;
    this.#segmentBaseOffset = recovered.activeSegment.baseOffset;
    this.#holes = recovered.mustRefetch;
    this.#onceHad = options.onceHad;
  }

  get generation(): LogGeneration {
    return this.#generation;
  }

  get logStartOffset(): Offset {
    return this.#logStartOffset;
  }

  get logEndOffset(): Offset {
    return this.#logEndOffset;
  }

  /** What lies behind a hole was counted once; until the hole is filled it is not (V4). */
  get persistedOffset(): Offset {
    const [hole] = this.#holes;
    return hole !== undefined && hole.from < this.#persistedOffset
      ? hole.from
      : this.#persistedOffset;
  }

  get holes(): readonly OffsetRange[] {
    return this.#holes;
  }

  /** Of fetched batches that are not persisted. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get isWhole(): boolean {
    return this.#holes.length === 0 && this.#persistedOffset >= (this.#onceHad ?? 0);
  }

  /**
   * How far it was, as the journal has it, or is about to, and 0 once its holes are accepted;
   * undefined: that is forgotten (V4).
   */
  get onceHad(): Offset | undefined {
    return this.#onceHad;
  }

  /** Not those of a log that lost more with a cut, or was emptied (V4). */
  get onlyHoles(): readonly OffsetRange[] | undefined {
    return this.#persistedOffset >= (this.#onceHad ?? 0) ? this.#holes : undefined;
  }

  get lastEpoch(): LeaderEpoch {
    return this.#epochs.latest?.leaderEpoch ?? this.#epochs.epochBefore ?? toEpoch(0);
  }

  /** First offset of the newest epoch that has a batch here. */
  get lastEpochStart(): Offset {
    return this.#epochs.latest?.startOffset ?? this.#logStartOffset;
  }

  /** Of the batch before the log start; 0 without one. */
  get epochBeforeStart(): LeaderEpoch {
    return this.#epochs.epochBefore ?? toEpoch(0);
  }

  /** A truncation or a reset is on its way to the disk; what the producers did is not known. */
  get isCutting(): boolean {
    return this.#bytesSinceCut !== undefined;
  }

  get producers(): ProducerState {
    return this.#producers;
  }

  endOffsetOf(epoch: LeaderEpoch): EpochEnd | undefined {
    return this.#epochs.endOffsetOf(epoch, this.#logEndOffset);
  }

  epochAt(at: Offset): LeaderEpoch | undefined {
    return this.#epochs.epochAt(at);
  }

  /** What a witness is told of a part of it (V3). */
  witnessRange(voters: VoterHistory, from: Offset, to: Offset): WitnessRange {
    return witnessRange(this.#epochs, voters, { from, to });
  }

  /** A leader's append: base offset and leader epoch are stamped into the bytes. */
  append(batch: Uint8Array, header: RecordBatchHeader, epoch: LeaderEpoch): Offset {
    const baseOffset = this.#logEndOffset;
    stampBatch(batch, 0, baseOffset, epoch);
    this.#extend(batch, { leaderEpoch: epoch, baseOffset, span: header.lastOffsetDelta + 1 });
    return baseOffset;
  }

  /** A follower's append: the batch as its leader stored it, offset and epoch checked. */
  appendFetched(batch: Uint8Array, header: RecordBatchHeader): void {
    const { leaderEpoch, baseOffset, lastOffset } = header;
    this.#extend(batch, { leaderEpoch, baseOffset, span: lastOffset + 1 - baseOffset });
    this.#waiting.push({ endOffset: this.#logEndOffset, bytes: batch.length });
    this.#waitingBytes += batch.length;
    if (header.producerId >= 0n) this.#producers.appended(producerBatch(header, baseOffset));
  }

  /** An event of the disk; one of an older generation speaks of bytes that are gone (L4). */
  persisted(generation: LogGeneration, endOffset: Offset): boolean {
    if (generation !== this.#generation) return false;
    assert(endOffset <= this.#logEndOffset, 'persisted past the log end');
    if (endOffset > this.#persistedOffset) this.#persistedOffset = endOffset;
    if (this.#committed !== undefined) this.#forgetOnceHad();
    this.#waitsNoMore(endOffset);
    return true;
  }

  logStartAdvanced(to: Offset): void {
    if (to <= this.#logStartOffset) return;
    this.#logStartOffset = to;
    this.#epochs.logStartAdvanced(to);
    // Nobody has that any more, and nobody wants it.
    const left = this.#holes.filter((hole) => hole.to > to);
    this.#holes = left.map((hole) => ({ from: offset(Math.max(hole.from, to)), to: hole.to }));
  }

  /** @returns false if nothing was appended since the segment was last sealed. */
  roll(): boolean {
    if (this.#segmentBytes === 0) return false;
    const { logId, emit } = this.#options;
    emit({ type: 'RollLog', logId, producerSnapshot: this.producerSnapshot() });
    this.#segmentBytes = 0;
    this.#segmentBaseOffset = this.#logEndOffset;
    return true;
  }

  producerSnapshot(): Uint8Array {
    return encodeProducerSnapshot(this.#producers.entries());
  }

  truncateTo(end: Offset): void {
    const had = this.#hadAbove(end);
    this.#beginGeneration(end);
    this.#epochs.truncated(end);
    if (this.#persistedOffset > end) this.#persistedOffset = end;
    const { logId, emit, truncated } = this.#options;
    truncated(end);
    emit({ type: 'TruncateLog', logId, generation: this.#generation, to: end, ...had });
  }

  /** @param onceHad how far it was, where nobody wants it here any more. */
  resetTo(start: LogStart, onceHad?: Offset): void {
    const { logStartOffset, epochBefore, voters } = start;
    const had = onceHad === undefined ? this.#hadAbove(logStartOffset) : { onceHad };
    this.#beginGeneration(logStartOffset);
    this.#logStartOffset = logStartOffset;
    this.#epochs = new LeaderEpochCache([], epochBefore);
    // Nothing of it is durable before the reset is.
    this.#persistedOffset = offset(0);
    const { logId, emit, reset } = this.#options;
    reset(logStartOffset);
    emit({
      type: 'ResetLog',
      ...{ logId, generation: this.#generation, logStartOffset, epochBefore },
      voters: voters.voters,
      ...had,
    });
  }

  /** What is lost while the log is open, beside what was lost before. */
  rotFound(generation: LogGeneration, ranges: readonly OffsetRange[]): void {
    if (generation === this.#generation) this.#holes = joinedRanges([...this.#holes, ...ranges]);
  }

  /** The leader of that epoch, which may be this replica, has committed that far. */
  leaderCommitted(highWatermark: Offset, epoch: LeaderEpoch): void {
    if (this.#onceHad === undefined) return;
    this.#committed = { highWatermark, epoch };
    this.#forgetOnceHad();
  }

  /**
   * Nobody is left who could give back what is lost (V5, L6). The journal knows of it until this
   * log has committed something in an epoch of its own.
   */
  acceptHoles(): void {
    this.#holes = [];
    if (this.#onceHad !== undefined) this.#onceHad = offset(0);
  }

  /** Fills the first hole, or a part of it; the rest of the log stays. */
  repair(batches: Uint8Array): void {
    this.#beginGeneration(this.#logEndOffset);
    const { logId, emit } = this.#options;
    emit({ type: 'RepairLog', logId, generation: this.#generation, batches });
  }

  /** The disk has cut the log, or emptied it; an older answer is no news (L4). */
  wasCut(generation: LogGeneration, recovered: RecoveredLog): void {
    if (generation !== this.#generation) return;
    const since = this.#bytesSinceCut ?? 0;
    this.#bytesSinceCut = undefined;
    this.#waitsNoMore(recovered.logEndOffset);
    this.#producers = recoverProducers(recovered);
    if (this.#holes.length > 0) this.#epochs.learned(recovered.epochStarts);
    this.#holes = recovered.mustRefetch;
    this.#segmentBytes = recovered.activeSegment.bytes + since;
    this.#segmentBaseOffset = recovered.activeSegment.baseOffset;
    const { logEndOffset } = recovered;
    if (logEndOffset > this.#persistedOffset) this.#persistedOffset = logEndOffset;
  }

  /**
   * A hole that goes with a cut is forgotten, not what was promised of it: with an epoch that began
   * in it, a log that agreed with its leader's seems to leave it there. Until it is as far again it
   * gives no vote for one that is not (V4).
   */
  #hadAbove(end: Offset): { readonly onceHad?: Offset } {
    const lost = this.#holes.at(-1)?.to ?? offset(0);
    if (lost <= end) return {};
    const onceHad = offset(Math.max(lost, this.#onceHad ?? 0));
    this.#onceHad = onceHad;
    this.#committed = undefined;
    return { onceHad };
  }

  /**
   * It has all that its leader has committed, in the leader's own epoch too: whatever others have
   * committed because this disk once had it lies below (V4). The journal may forget it as well,
   * now that all of that is fsynced here and no cut is on its way there, which would note it: one
   * that is ordered later notes it behind this.
   */
  #forgetOnceHad(): void {
    const { highWatermark = 0, epoch } = this.#committed ?? {};
    if (this.#holes.length > 0 || this.isCutting || this.lastEpoch !== epoch) return;
    const isCurrent = highWatermark > this.lastEpochStart;
    if (!isCurrent || this.#persistedOffset < highWatermark) return;
    this.#onceHad = undefined;
    this.#committed = undefined;
    this.#options.emit({ type: 'ForgetOnceHad', ...this.#place });
  }

  #waitsNoMore(endOffset: Offset): void {
    const left = this.#waiting.findIndex((one) => one.endOffset > endOffset);
    const gone = this.#waiting.splice(0, left < 0 ? this.#waiting.length : left);
    for (const { bytes } of gone) this.#waitingBytes -= bytes;
  }

  /** The disk is to cut it, and nothing more is fetched until it has. */
  #waitsNoMoreFrom(end: Offset): void {
    for (let last = this.#waiting.at(-1); last !== undefined; last = this.#waiting.at(-1)) {
      if (last.endOffset <= end) return;
      this.#waiting.pop();
      this.#waitingBytes -= last.bytes;
    }
  }

  #beginGeneration(end: Offset): void {
    this.#generation = logGeneration(this.#generation + 1);
    this.#waitsNoMoreFrom(end);
    this.#logEndOffset = end;
    this.#bytesSinceCut = 0;
  }

  #extend(
    batch: Uint8Array,
    place: {
      readonly leaderEpoch: LeaderEpoch;
      readonly baseOffset: Offset;
      readonly span: number;
    },
  ): void {
    const endOffset = offset(place.baseOffset + place.span);
    if (this.#mustRoll(batch.length, endOffset)) this.roll();
    this.#epochs.assign(place.leaderEpoch, place.baseOffset);
    this.#segmentBytes += batch.length;
    if (this.#bytesSinceCut !== undefined) this.#bytesSinceCut += batch.length;
    this.#logEndOffset = endOffset;
    const { logId, emit, appended } = this.#options;
    appended(batch, place.baseOffset, endOffset);
    emit({ type: 'AppendBatch', logId, generation: this.#generation, batch, endOffset });
  }

  /** By size, and because index entries hold offsets relative to the segment in 31 bits. */
  #mustRoll(batchBytes: number, endOffset: Offset): boolean {
    // While a cut is under way nobody knows what a snapshot would have to say.
    if (this.#segmentBytes === 0 || this.isCutting) return false;
    if (this.#segmentBytes + batchBytes > this.#options.segmentBytesMax) return true;
    return endOffset - this.#segmentBaseOffset > 0x7fffffff;
  }
}

const epochsOf = ({ epochStarts, epochBeforeStart }: RecoveredLog): LeaderEpochCache =>
  new LeaderEpochCache(epochStarts, epochBeforeStart);

/** In order, and what touches as one: a repair begins where its hole begins. */
function joinedRanges(ranges: readonly OffsetRange[]): OffsetRange[] {
  const joined: OffsetRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last === undefined || range.from > last.to) joined.push({ from: range.from, to: range.to });
    else if (range.to > last.to) joined.splice(-1, 1, { from: last.from, to: range.to });
  }
  return joined;
}

/** What idempotence remembers of a batch at that place (KIP-98). */
export function producerBatch(header: RecordBatchHeader, baseOffset: Offset): ProducerBatch {
  return {
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    lastSequence: lastSequenceOf(header),
    baseOffset,
    lastOffset: offset(baseOffset + header.lastOffsetDelta),
    timestamp: header.maxTimestamp,
  };
}

function recoverProducers(recovered: RecoveredLog): ProducerState {
  const snapshot = recovered.producerSnapshot;
  const decoded = snapshot === undefined ? undefined : decodeProducerSnapshot(snapshot);
  // The log hands over only a snapshot that it checked; a bad one here would be ours (L5).
  assert(decoded === undefined || decoded.ok, 'a checked producer snapshot decodes');
  const entries = decoded?.ok ? decoded.value : [];
  return ProducerState.recover(entries, recovered.producerBatches);
}
