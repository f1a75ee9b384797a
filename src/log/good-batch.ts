import { isBatchCrcValid, readRecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';

/** The batch at a position, sound but for its base offset; or what is wrong with it (L6). */
export function goodBatchAt(bytes: Uint8Array, at: number): RecordBatchHeader | string {
  const header = readRecordBatchHeader(bytes, at);
  if (!header.ok) return header.error;
  // Epochs of other segments say nothing here: one that rotted upwards would take all behind it.
  if (header.value.leaderEpoch < 0) return 'leader epoch';
  return isBatchCrcValid(bytes, header.value) ? header.value : 'crc';
}
