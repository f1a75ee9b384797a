import { assert } from '../base/assert.ts';
import { offset } from '../base/brand.ts';
import type { Offset } from '../base/brand.ts';
import { readRecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';

/** The headers of batches that are to be appended: each whole, each behind the one before. */
export function headersToAppend(
  batches: readonly Uint8Array[],
  logEndOffset: Offset,
): readonly RecordBatchHeader[] {
  let end = logEndOffset;
  return batches.map((batch) => {
    const header = readRecordBatchHeader(batch);
    assert(header.ok && header.value.totalBytes === batch.length, 'appended: one whole batch');
    assert(header.value.baseOffset === end, 'appended batches follow the log end');
    end = offset(header.value.lastOffset + 1);
    return header.value;
  });
}
