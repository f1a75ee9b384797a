import { offset } from '../base/brand.ts';
import type { Offset } from '../base/brand.ts';
import { int32At, int64At } from '../base/bytes.ts';
import {
  batchOverheadBytes,
  batchPosition,
  batchPrefixBytes,
  isBatchCrcValid,
  readRecordBatchHeader,
} from '../wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { isSequenceAhead, lastSequenceOf, sequencesAhead } from '../wire/kafka/sequence.ts';
import { goodBatchAt } from './good-batch.ts';

/** Bytes of a segment that are not the batch that should be there, and what is known of it. */
export interface Damage {
  readonly bytes: Uint8Array;
  readonly position: number;
  /** The first offset that is lost with them. */
  readonly expected: Offset;
  /** The offset behind the last batch of the file, if that is known. */
  readonly end: Offset | undefined;
  /** The durable mark: it lags behind the end, but where they are the same it bears that out. */
  readonly mark: Offset | undefined;
  /** What is sound in front of it, in order. */
  readonly before: readonly RecordBatchHeader[];
}

/** Where the log goes on behind a batch, as that batch says it. */
interface Told {
  readonly offset: number;
  /** Its numbers make sense together and two of them agree, or its CRC fits. */
  readonly isBorneOut: boolean;
}

/**
 * The first batch behind damaged bytes that is sound and lies where it says: by the damaged one's
 * own length if that leads to one, else by search. No CRC covers a base offset, and there is
 * nothing in front to compare it with, so whatever else says where the log goes on is asked: the
 * damaged batch's own count, the batches behind, the known end of the file, the producer's
 * sequences. A place that one of these contradicts and none bears out is not believed, and of two
 * batches that contradict each other neither: a hole is reported, records at wrong offsets are not.
 * One that nothing speaks for or against is believed as far as a byte for each lost record goes; it
 * takes damage at two places to make it wrong.
 */
export function batchBehind(damage: Damage): RecordBatchHeader | undefined {
  const led = ledTo(damage, toldByDamaged(damage));
  return led.found ?? searched(damage, led);
}

/** Where the lengths led: to a batch in its place, or over some that are not. */
interface Led {
  readonly found?: RecordBatchHeader;
  /** Behind those that are not believed. */
  readonly position: number;
  readonly told: Told | undefined;
}

function toldByDamaged({ bytes, position, expected }: Damage): Told | undefined {
  if (bytes.length - position < batchOverheadBytes) return undefined;
  const span = int32At(bytes, position + batchPosition.lastOffsetDelta) + 1;
  if (span < 1) return undefined;
  const header = readRecordBatchHeader(bytes, position);
  const isBorneOut =
    header.ok && (header.value.recordCount === span || isBatchCrcValid(bytes, header.value));
  return { offset: expected + span, isBorneOut };
}

/** Follows the lengths from the damaged batch on, over sound batches that are out of place. */
function ledTo(damage: Damage, toldFirst: Told | undefined): Led {
  const { bytes, position } = damage;
  let [at, told, isDisputed] = [position + 1, toldFirst, false];
  if (bytes.length - position < batchOverheadBytes) return { position: at, told };
  const length = batchPrefixBytes + int32At(bytes, position + batchPosition.batchLength);
  if (length < batchOverheadBytes) return { position: at, told };
  for (let next = position + length; ; at = next) {
    const batch = goodBatchAt(bytes, next);
    if (typeof batch === 'string') return { position: at, told };
    const said = saidBehind(damage, batch);
    const isOpen = said === 'nothing' && !isDisputed && told?.isBorneOut !== true;
    const isBelieved = said === 'agrees' || (isOpen && isNear(damage, batch));
    const isInPlace = isToldInFront(damage, batch, told) || isBelieved;
    if (isPossible(damage, batch) && isInPlace) return { found: batch, position: next, told };
    isDisputed = said === 'disputed';
    const { lastOffsetDelta, totalBytes } = batch;
    if (told !== undefined) told = { ...told, offset: told.offset + lastOffsetDelta + 1 };
    next += totalBytes;
  }
}

/**
 * Where no length leads. What a payload holds may look like a batch that fits, so something must
 * follow where it ends: the next batch, or the end of the file.
 */
function searched(damage: Damage, { position, told }: Led): RecordBatchHeader | undefined {
  const { bytes, expected } = damage;
  const lowest = told?.isBorneOut === true ? told.offset : expected + 1;
  let disputedEnd = -1;
  for (let at = position; at <= bytes.length - batchOverheadBytes; at++) {
    if (bytes[at + batchPosition.magic] !== 2 || int64At(bytes, at) < lowest) continue;
    const batch = goodBatchAt(bytes, at);
    if (typeof batch === 'string' || !isPossible(damage, batch)) continue;
    const behind = at + batch.totalBytes;
    const isTold = isToldInFront(damage, batch, told);
    if (isTold || isNear(damage, batch)) {
      const said = saidBehind(damage, batch);
      const isOpen = said === 'nothing' && behind === bytes.length && at !== disputedEnd;
      const isDisputed = said === 'disputed';
      if (said === 'agrees' || isOpen || (isDisputed && isTold)) return batch;
      if (isDisputed) disputedEnd = behind;
    } else {
      const end = endOfRun(damage, batch);
      if (end === undefined) return batch;
      // None of the batches up to there leads any further.
      at = end - 1;
    }
  }
  return undefined;
}

/**
 * Where the log may go on at the least behind damage to which no batch was found, if there are
 * sound ones that may belong there. They were stored, so it is no torn tail.
 */
export function leastEndBehind(damage: Damage): Offset | undefined {
  const { bytes, position, expected } = damage;
  let end = expected + 1;
  for (let at = position + 1; at <= bytes.length - batchOverheadBytes; at++) {
    if (bytes[at + batchPosition.magic] !== 2 || int64At(bytes, at) <= expected) continue;
    const batch = goodBatchAt(bytes, at);
    if (typeof batch === 'string') continue;
    const isLast = at + batch.totalBytes === bytes.length;
    if (isLast || isNear(damage, batch)) end += batch.lastOffsetDelta + 1;
    at += batch.totalBytes - 1;
  }
  return end === expected + 1 ? undefined : offset(end);
}

/**
 * Follows batches that lie one behind the other, in the file and in their offsets. Undefined: they
 * lead to the end of the file, which what a payload holds never does; else where they end.
 */
function endOfRun({ bytes, end }: Damage, first: RecordBatchHeader): number | undefined {
  let at = first.position + first.totalBytes;
  let goesOnAt = first.lastOffset + 1;
  for (let count = 1; ; count++) {
    const isWhole = end === undefined ? count > 1 : goesOnAt === end;
    if (at === bytes.length) return isWhole ? undefined : at;
    const next = goodBatchAt(bytes, at);
    if (typeof next === 'string' || next.baseOffset !== goesOnAt) return at;
    at += next.totalBytes;
    goesOnAt = next.lastOffset + 1;
  }
}

/** Nothing that is certain speaks against its place: what is lost had offsets of its own. */
function isPossible(damage: Damage, batch: RecordBatchHeader): boolean {
  const { expected, end } = damage;
  if (batch.baseOffset <= expected) return false;
  if (end !== undefined && batch.lastOffset >= end) return false;
  return batch.baseOffset >= leastBySequence(damage, batch);
}

/** Each lost record took a byte at least, unless it was compressed. */
const isNear = ({ position, expected }: Damage, batch: RecordBatchHeader): boolean =>
  batch.baseOffset <= expected + (batch.position - position);

const isToldInFront = (damage: Damage, batch: RecordBatchHeader, told: Told | undefined): boolean =>
  batch.baseOffset === told?.offset || batch.baseOffset === leastBySequence(damage, batch);

/**
 * Above the last batch of its producer by as many offsets as sequences lie between them: more only
 * if others had some of what is lost. 0 if there is none.
 */
function leastBySequence({ before }: Damage, batch: RecordBatchHeader): number {
  const { producerId, producerEpoch, baseSequence } = batch;
  if (producerId < 0n) return 0;
  const last = before.findLast(
    (one) => one.producerId === producerId && one.producerEpoch === producerEpoch,
  );
  if (last === undefined) return 0;
  const sequence = lastSequenceOf(last);
  const isAhead = isSequenceAhead(sequence, baseSequence);
  return isAhead ? last.lastOffset + sequencesAhead(sequence, baseSequence) : 0;
}

/** How many batches behind are asked: of two that contradict each other the third decides. */
const askedMax = 3;

/**
 * What lies behind a batch says of its place. One number where it ends is enough, a CRC need not
 * fit: two numbers at different places do not agree by chance. `disputed`: each may be right.
 */
function saidBehind(
  damage: Damage,
  batch: RecordBatchHeader,
): 'agrees' | 'contradicts' | 'disputed' | 'nothing' {
  const { bytes, end, mark } = damage;
  let at = batch.position + batch.totalBytes;
  let goesOnAt = batch.lastOffset + 1;
  let isDisputed = false;
  for (let asked = 0; asked < askedMax; asked++) {
    if (at === bytes.length && goesOnAt === (end ?? mark)) return 'agrees';
    if (at === bytes.length && end !== undefined) return 'contradicts';
    const isHeader = bytes.length - at >= batchOverheadBytes;
    if (isHeader && int64At(bytes, at) === goesOnAt) return 'agrees';
    const next = goodBatchAt(bytes, at);
    if (typeof next === 'string') break;
    if (isPossible(damage, next)) isDisputed = true;
    at += next.totalBytes;
    goesOnAt += next.lastOffsetDelta + 1;
  }
  return isDisputed ? 'disputed' : 'nothing';
}
