import type { Offset } from '../../base/brand.ts';
import { offset } from '../../base/brand.ts';
import type { RecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import type { DropRecord } from './supervision.ts';

/**
 * The offsets below `to` that a node's answer to a Fetch from `from` jumps. A log of ours has no
 * hole but where rot took records, and a log start that passed us is an error and no answer, so
 * each jump is told as rot (X5). `count` is of offsets: nobody knows any more how many were
 * records.
 */
export function rotGaps(
  headers: readonly RecordBatchHeader[],
  from: Offset,
  to: Offset,
): readonly DropRecord[] {
  const gaps: DropRecord[] = [];
  let expected = from;
  for (const { baseOffset, lastOffset } of headers) {
    if (baseOffset >= to) break;
    if (baseOffset > expected) {
      const count = baseOffset - expected;
      gaps.push({ from: expected, to: baseOffset, reason: 'rot', count });
    }
    expected = offset(lastOffset + 1);
  }
  return gaps;
}
