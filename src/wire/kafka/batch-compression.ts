import { assert } from '../../base/assert.ts';
import { setInt16, setInt32 } from '../../base/bytes.ts';
import type { Compression, CompressionType } from '../../ports/compression.ts';
import type { RecordBatchHeader } from './record-batch-header.ts';
import {
  batchOverheadBytes,
  batchPosition,
  batchPrefixBytes,
  compressionTypes,
  computeBatchCrc,
} from './record-batch-header.ts';

/** A copy of an uncompressed batch with its records compressed, CRC included. */
export function compressBatch(
  bytes: Uint8Array,
  header: RecordBatchHeader,
  type: CompressionType,
  compression: Compression,
): Uint8Array {
  assert(header.codec === 0, 'only an uncompressed batch is compressed');
  const recordsAt = header.position + batchOverheadBytes;
  const records = bytes.subarray(recordsAt, header.position + header.totalBytes);
  const packed = type === 'none' ? records : compression.compress(type, records);
  const batch = new Uint8Array(batchOverheadBytes + packed.length);
  batch.set(bytes.subarray(header.position, recordsAt));
  batch.set(packed, batchOverheadBytes);
  setInt32(batch, batchPosition.batchLength, batch.length - batchPrefixBytes);
  setInt16(batch, batchPosition.attributes, header.attributes | compressionTypes.indexOf(type));
  setInt32(batch, batchPosition.crc, computeBatchCrc(batch, 0, batch.length));
  return batch;
}
