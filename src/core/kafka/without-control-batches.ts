import { concatBytes, setInt16, setInt32 } from '../../base/bytes.ts';
import { scanBatches } from '../../wire/kafka/batch-scan.ts';
import type { RecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import {
  batchAttribute,
  batchOverheadBytes,
  batchPosition,
  batchPrefixBytes,
  computeBatchCrc,
} from '../../wire/kafka/record-batch-header.ts';

/**
 * The data batches of a read, for clients that do not know control batches: kafka-python 2.0.2
 * hands a LeaderChange to the application as a record. Holes in the offsets it knows from
 * compaction; but a hole at the end would keep it in front of it for ever, and whoever reads up to
 * the end with it. So a control batch at the end becomes a data batch without records, as
 * compaction leaves them.
 */
export function withoutControlBatches(bytes: Uint8Array): Uint8Array {
  const { headers } = scanBatches(bytes);
  if (!headers.some(({ isControl }) => isControl)) return bytes;
  const left = headers
    .filter(({ isControl }) => !isControl)
    .map(({ position, totalBytes }) => bytes.subarray(position, position + totalBytes));
  const last = headers.at(-1);
  if (last?.isControl === true) left.push(emptied(bytes, last));
  return concatBytes(left);
}

/** That batch as one of data, with the same offsets, whose records are gone. */
function emptied(bytes: Uint8Array, { position, attributes }: RecordBatchHeader): Uint8Array {
  const batch = bytes.slice(position, position + batchOverheadBytes);
  setInt32(batch, batchPosition.batchLength, batchOverheadBytes - batchPrefixBytes);
  setInt16(batch, batchPosition.attributes, attributes & ~batchAttribute.control);
  setInt32(batch, batchPosition.recordCount, 0);
  setInt32(batch, batchPosition.crc, computeBatchCrc(batch, 0, batch.length));
  return batch;
}
