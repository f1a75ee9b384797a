import type { RecordBatchHeader } from './record-batch-header.ts';

const sequenceMax = 0x7fffffff;

/** `sequence` moved on by `count`; behind 2^31 - 1 comes 0. */
export const sequenceAfter = (sequence: number, count: number): number =>
  (sequence + count) % (sequenceMax + 1);

/** How far `to` lies ahead of `from`; at half the range or above it rather lies behind. */
export const sequencesAhead = (from: number, to: number): number =>
  (to - from + sequenceMax + 1) % (sequenceMax + 1);

/** Whether `to` lies ahead of `from`, the nearer way round. */
export const isSequenceAhead = (from: number, to: number): boolean =>
  from !== to && sequencesAhead(from, to) <= sequenceMax >> 1;

/** Sequence of a batch's last record; -1 for a batch without one. */
export const lastSequenceOf = (header: RecordBatchHeader): number =>
  header.baseSequence < 0 ? -1 : sequenceAfter(header.baseSequence, header.lastOffsetDelta);
