import { offset } from '../base/brand.ts';
import type { LeaderEpoch, Offset } from '../base/brand.ts';
import { int32At, int64At } from '../base/bytes.ts';
import {
  batchOverheadBytes,
  batchPosition,
  batchPrefixBytes,
  isBatchCrcValid,
  readRecordBatchHeader,
} from '../wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { wrongEpochs } from './epoch-order.ts';

/** Bytes of a segment that are no batch, and the offsets that are missing because of them. */
export interface BadExtent {
  readonly position: number;
  readonly endPosition: number;
  readonly from: Offset;
  /** Where the next good batch begins; undefined if none follows. */
  readonly to: Offset | undefined;
  readonly reason: string;
}

/**
 * Every batch of a segment that passes its checks (L6), and what lies between. Positions are in the
 * file.
 */
export interface SegmentScan {
  readonly batches: readonly RecordBatchHeader[];
  readonly bad: readonly BadExtent[];
}

/**
 * Checks every byte of a segment: CRC, length bounds, offset continuity, leader epochs. `before`:
 * the leader epoch of the batch in front of it, if that is known.
 */
export function scanSegment(
  bytes: Uint8Array,
  baseOffset: Offset,
  before?: LeaderEpoch,
): SegmentScan {
  const batches: RecordBatchHeader[] = [];
  const bad: BadExtent[] = [];
  let expected = baseOffset;
  for (let at = 0; at < bytes.length;) {
    const batch = goodBatchAt(bytes, at);
    if (typeof batch !== 'string' && batch.baseOffset === expected) {
      batches.push(batch);
      at += batch.totalBytes;
      expected = offset(batch.lastOffset + 1);
      continue;
    }
    const next = nextGoodBatch(bytes, at, expected);
    const endPosition = next?.position ?? bytes.length;
    const reason = typeof batch === 'string' ? batch : 'base offset';
    bad.push({ position: at, endPosition, from: expected, to: next?.baseOffset, reason });
    at = endPosition;
    expected = next?.baseOffset ?? expected;
  }
  return withoutWrongEpochs(batches, bad, before);
}

function withoutWrongEpochs(
  batches: readonly RecordBatchHeader[],
  bad: readonly BadExtent[],
  before: LeaderEpoch | undefined,
): SegmentScan {
  const wrong = wrongEpochs(batches, before);
  if (wrong.size === 0) return { batches, bad };
  const extents = batches.filter((_, index) => wrong.has(index)).map(epochExtent);
  const all = [...bad, ...extents].sort((a, b) => a.position - b.position);
  return { batches: batches.filter((_, index) => !wrong.has(index)), bad: all };
}

/** The batch at a position, or what is wrong with it. */
function goodBatchAt(bytes: Uint8Array, at: number): RecordBatchHeader | string {
  const header = readRecordBatchHeader(bytes, at);
  if (!header.ok) return header.error;
  // Epochs of other segments say nothing here: one that rotted upwards would take all behind it.
  if (header.value.leaderEpoch < 0) return 'leader epoch';
  return isBatchCrcValid(bytes, header.value) ? header.value : 'crc';
}

/**
 * Where the log goes on behind bad bytes: by the bad batch's own length if that leads to a batch,
 * else by search.
 */
function nextGoodBatch(
  bytes: Uint8Array,
  bad: number,
  expected: Offset,
): RecordBatchHeader | undefined {
  const behind = batchBehind(bytes, bad, expected);
  if (behind !== undefined) return behind;
  for (let at = bad + 1; at <= bytes.length - batchOverheadBytes; at++) {
    if (bytes[at + batchPosition.magic] !== 2) continue;
    const found = continuation(bytes, bad, at, expected);
    if (found !== undefined && isFollowed(bytes, found)) return found;
  }
  return undefined;
}

/**
 * The batch to which the bad one's own length leads, or the one behind it if that says better where
 * the log goes on: no CRC covers a base offset, and there is nothing in front to compare it with.
 */
function batchBehind(
  bytes: Uint8Array,
  bad: number,
  expected: Offset,
): RecordBatchHeader | undefined {
  if (bytes.length - bad < batchOverheadBytes) return undefined;
  const length = batchPrefixBytes + int32At(bytes, bad + batchPosition.batchLength);
  if (length < batchOverheadBytes) return undefined;
  const first = batchFrom(bytes, bad + length, expected);
  if (first === undefined) return undefined;
  const { baseOffset, lastOffset, position, totalBytes } = first;
  // What the bad batch says of itself proves nothing, but can be borne out.
  const told = expected + int32At(bytes, bad + batchPosition.lastOffsetDelta) + 1;
  const second = batchFrom(bytes, position + totalBytes, expected);
  if (baseOffset === told || second?.baseOffset === lastOffset + 1) return first;
  if (second !== undefined) {
    const third = batchFrom(bytes, second.position + second.totalBytes, expected);
    const isTold = second.baseOffset === told + (lastOffset + 1 - baseOffset);
    if (isTold || third?.baseOffset === second.lastOffset + 1) return second;
  }
  return baseOffset <= expected + length ? first : undefined;
}

/** A good batch at a position whose base offset is not too low. */
function batchFrom(bytes: Uint8Array, at: number, lowest: Offset): RecordBatchHeader | undefined {
  const batch = goodBatchAt(bytes, at);
  return typeof batch === 'string' || batch.baseOffset < lowest ? undefined : batch;
}

/** A good batch whose offset can follow: each lost record took a byte at least. */
function continuation(
  bytes: Uint8Array,
  bad: number,
  at: number,
  expected: Offset,
): RecordBatchHeader | undefined {
  if (at > bytes.length - batchOverheadBytes) return undefined;
  if (int64At(bytes, at) > expected + (at - bad)) return undefined;
  return batchFrom(bytes, at, expected);
}

/**
 * A payload can hold what looks like a batch; what is one is followed by the next batch or the end
 * of the file.
 */
function isFollowed(bytes: Uint8Array, batch: RecordBatchHeader): boolean {
  const at = batch.position + batch.totalBytes;
  if (at === bytes.length) return true;
  const next = goodBatchAt(bytes, at);
  return typeof next !== 'string' && next.baseOffset === batch.lastOffset + 1;
}

/** A batch that is bad only because its leader epoch cannot be true. */
export const epochExtent = (batch: RecordBatchHeader): BadExtent => ({
  position: batch.position,
  endPosition: batch.position + batch.totalBytes,
  from: batch.baseOffset,
  to: offset(batch.lastOffset + 1),
  reason: 'leader epoch',
});
