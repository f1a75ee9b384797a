import { assert } from '../base/assert.ts';
import {
  readRecordBatchHeader,
  type RecordBatchHeader,
} from '../wire/kafka/record-batch-header.ts';

/** The header of bytes that are one whole batch, checked before. */
export function wholeBatchHeader(batch: Uint8Array): RecordBatchHeader {
  const header = readRecordBatchHeader(batch);
  assert(header.ok && header.value.totalBytes === batch.length, 'one whole, checked batch');
  return header.value;
}
