import type { ErrorCode } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';
import type { BatchFault, RecordBatchHeader } from './record-batch-header.ts';
import {
  batchAttribute,
  compressionTypes,
  isBatchCrcValid,
  readRecordBatchHeader,
} from './record-batch-header.ts';
import { iterateRecords } from './record-iterator.ts';

/** Attribute bits that a client may set; no control records, no transactions, no undefined bits. */
const allowedAttributes = batchAttribute.codecMask | batchAttribute.logAppendTime;

/**
 * What a Produce request carries for one partition must be exactly one whole batch that the log can
 * take as it is. Compressed records are not opened: their count is trusted. Errors: CORRUPT_RECORD,
 * RECORD_TOO_LARGE, INVALID_TIMESTAMP, INVALID_RECORD.
 */
export function checkProducedBatch(
  bytes: Uint8Array,
  batchBytesMax: number,
): Result<RecordBatchHeader, ErrorCode> {
  const read = readRecordBatchHeader(bytes);
  if (!read.ok) return fail(codeOfFault(read.error));
  const header = read.value;
  if (header.totalBytes !== bytes.length) return fail('INVALID_RECORD');
  if (header.totalBytes > batchBytesMax) return fail('RECORD_TOO_LARGE');
  if (!isBatchCrcValid(bytes, header)) return fail('CORRUPT_RECORD');
  const error = headerErrorOf(header) ?? recordsErrorOf(bytes, header);
  return error === undefined ? ok(header) : fail(error);
}

function codeOfFault(fault: BatchFault): ErrorCode {
  return fault === 'truncated' || fault === 'length' ? 'CORRUPT_RECORD' : 'INVALID_RECORD';
}

function headerErrorOf(header: RecordBatchHeader): ErrorCode | undefined {
  const { producerId, recordCount } = header;
  if ((header.attributes & ~allowedAttributes) !== 0) return 'INVALID_RECORD';
  if (header.codec >= compressionTypes.length) return 'INVALID_RECORD';
  // LogAppendTime is never stored by us (L10).
  if ((header.attributes & batchAttribute.logAppendTime) !== 0) return 'INVALID_TIMESTAMP';
  if (recordCount === 0 || recordCount !== header.lastOffsetDelta + 1) return 'INVALID_RECORD';
  if (producerId >= 0n && (header.baseSequence < 0 || header.producerEpoch < 0)) {
    return 'INVALID_RECORD';
  }
  return undefined;
}

function recordsErrorOf(bytes: Uint8Array, header: RecordBatchHeader): ErrorCode | undefined {
  if (header.codec !== 0) return undefined;
  const records = iterateRecords(bytes, header);
  if (!records.ok) return 'INVALID_RECORD';
  for (let delta = 0; records.value.next(); delta++) {
    if (records.value.offsetDelta !== delta) return 'INVALID_RECORD';
  }
  return records.value.fault === undefined ? undefined : 'INVALID_RECORD';
}
