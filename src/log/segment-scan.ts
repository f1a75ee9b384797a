import { offset } from '../base/brand.ts';
import type { LeaderEpoch, Offset } from '../base/brand.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { batchBehind, leastEndBehind } from './batch-behind.ts';
import { wrongEpochs } from './epoch-order.ts';
import { goodBatchAt } from './good-batch.ts';

/** Bytes of a segment that are no batch, and the offsets that are missing because of them. */
export interface BadExtent {
  readonly position: number;
  readonly endPosition: number;
  readonly from: Offset;
  /**
   * Where the next good batch begins, or, where nobody knows the place of those that follow, what
   * the log must not end below; undefined if none follows.
   */
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

/** What is known of a segment beside its bytes. */
export interface ScanContext {
  /** The leader epoch of the batch in front of it. */
  readonly before?: LeaderEpoch | undefined;
  /** The offset behind its last batch. */
  readonly end?: Offset | undefined;
  /** The durable mark, which may be that. */
  readonly mark?: Offset | undefined;
}

/** Checks every byte of a segment: CRC, length bounds, offset continuity, leader epochs. */
export function scanSegment(
  bytes: Uint8Array,
  baseOffset: Offset,
  { before, end, mark }: ScanContext = {},
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
    const damage = { bytes, position: at, expected, end, mark, before: batches };
    const next = batchBehind(damage);
    const endPosition = next?.position ?? bytes.length;
    const to = next?.baseOffset ?? (end === undefined ? leastEndBehind(damage) : undefined);
    const reason = typeof batch === 'string' ? batch : 'base offset';
    bad.push({ position: at, endPosition, from: expected, to, reason });
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

/** A batch that is bad only because its leader epoch cannot be true. */
export const epochExtent = (batch: RecordBatchHeader): BadExtent => ({
  position: batch.position,
  endPosition: batch.position + batch.totalBytes,
  from: batch.baseOffset,
  to: offset(batch.lastOffset + 1),
  reason: 'leader epoch',
});
