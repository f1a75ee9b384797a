import type { BatchFault, RecordBatchHeader } from './record-batch-header.ts';
import { isBatchCrcValid, readRecordBatchHeader } from './record-batch-header.ts';

/**
 * The batches that lie one behind the other in a range, up to the first that is not whole and
 * sound.
 */
export interface BatchScan {
  readonly headers: readonly RecordBatchHeader[];
  /** Where the last whole batch ends. */
  readonly end: number;
  /** Why the scan ended before the range did; `truncated` is usual at the end of a Fetch answer. */
  readonly fault: BatchFault | undefined;
}

/**
 * Reads headers from `start` to `end` and checks each CRC (a read from disk or network is always
 * checked).
 */
export function scanBatches(bytes: Uint8Array, start = 0, end: number = bytes.length): BatchScan {
  const headers: RecordBatchHeader[] = [];
  let at = start;
  while (at < end) {
    const header = readRecordBatchHeader(bytes, at, end);
    if (!header.ok) return { headers, end: at, fault: header.error };
    if (!isBatchCrcValid(bytes, header.value)) return { headers, end: at, fault: 'crc' };
    headers.push(header.value);
    at += header.value.totalBytes;
  }
  return { headers, end: at, fault: undefined };
}
