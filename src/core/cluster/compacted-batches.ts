import { timestampMs } from '../../base/brand.ts';
import { utf8Encode } from '../../base/bytes.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import { RecordBatchBuilder } from '../../wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../wire/kafka/record-headers.ts';

/** Changes as one batch, without producer id: it is appended once or not at all. */
export function changesBatch(changes: readonly ViewChange[]): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const { key, value } of changes) {
    builder.append(timestampMs(0), key, value, noRecordHeaders);
  }
  return builder.finish({});
}

/** A rewrite in pieces: a follower takes no answer above 256 KiB (T2). */
const batchBytesMax = 128 * 1024;

/**
 * The entries of a compacted topic as batches, without producer id: nobody ever sends them again.
 */
export function rewriteBatches(entries: ReadonlyMap<string, Uint8Array>): Uint8Array[] {
  const batches: Uint8Array[] = [];
  let builder = new RecordBatchBuilder();
  for (const [name, value] of entries) {
    const key = utf8Encode(name);
    const bytes = RecordBatchBuilder.recordBytesMax(key.length, value.length, 0);
    if (builder.recordCount > 0 && builder.totalBytes + bytes > batchBytesMax) {
      batches.push(builder.finish({}));
      builder = new RecordBatchBuilder();
    }
    // A rewritten record has no time of its own: internal topics are compacted, never aged.
    builder.append(timestampMs(0), key, value, noRecordHeaders);
  }
  if (builder.recordCount > 0) batches.push(builder.finish({}));
  return batches;
}
