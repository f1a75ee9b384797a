import { timestampMs } from '../../base/brand.ts';
import { utf8Encode } from '../../base/bytes.ts';
import { RecordBatchBuilder } from '../../wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../wire/kafka/record-headers.ts';

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
