import { assert } from '../../base/assert.ts';
import { offset, timestampMs, type Offset } from '../../base/brand.ts';
import { utf8Decode, utf8Encode } from '../../base/bytes.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import { RecordBatchBuilder } from '../../wire/kafka/record-batch-builder.ts';
import type { RecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import { noRecordHeaders } from '../../wire/kafka/record-headers.ts';
import { iterateRecords } from '../../wire/kafka/record-iterator.ts';

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

/** The records of one batch of a compacted topic, in order; an undefined value is a tombstone. */
export function forEachRecord(
  bytes: Uint8Array,
  header: RecordBatchHeader,
  use: (at: Offset, key: string, value: Uint8Array | undefined) => void,
): void {
  const records = iterateRecords(bytes, header);
  assert(records.ok, 'internal batches are not compressed');
  const iterator = records.value;
  while (iterator.next()) {
    const key = iterator.key();
    if (key !== undefined) use(offset(iterator.offset), utf8Decode(key), iterator.value());
  }
  assert(iterator.fault === undefined, 'a batch that passed its CRC has whole records');
}
