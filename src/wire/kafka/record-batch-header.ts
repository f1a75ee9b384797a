import type { LeaderEpoch, Offset, TimestampMs } from '../../base/brand.ts';
import { leaderEpoch, offset, timestampMs } from '../../base/brand.ts';
import { bigInt64At, int16At, int32At, int64At, setInt32, setInt64 } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';
import type { CompressionType } from '../../ports/compression.ts';

/** Where each field of a version 2 record batch lies, from the batch's first byte. */
export const batchPosition = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  /** The CRC covers everything from here on. */
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const;

/** Bytes of a batch in front of its records. */
export const batchOverheadBytes = batchPosition.records;
/** Bytes that the length field does not count: base offset and the field itself. */
export const batchPrefixBytes = 12;

/** Bits of the attributes field. */
export const batchAttribute = {
  codecMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

/** Kafka's codec numbers, by index. */
export const compressionTypes: readonly CompressionType[] = [
  'none',
  'gzip',
  'snappy',
  'lz4',
  'zstd',
];

/** Why bytes are no record batch. `truncated`: more bytes may make it one. */
export type BatchFault = 'truncated' | 'length' | 'magic' | 'crc' | 'range' | 'records' | 'codec';

/**
 * The fixed part of one stored batch, read once. `position` is its place in the array that it was
 * read from.
 */
export interface RecordBatchHeader {
  readonly position: number;
  /** The whole batch, prefix included. */
  readonly totalBytes: number;
  readonly baseOffset: Offset;
  /** Offset of its last record (compaction may have removed the record itself). */
  readonly lastOffset: Offset;
  readonly leaderEpoch: LeaderEpoch;
  readonly crc: number;
  readonly attributes: number;
  /** Codec number 0-7; 5-7 are not defined. */
  readonly codec: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: TimestampMs;
  readonly maxTimestamp: TimestampMs;
  /** -1n: not idempotent, whatever epoch and sequence say. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/**
 * Reads the header of the batch at `at`. Checks that all of its bytes lie before `end`, the magic,
 * and that the numbers make sense together; not the CRC (`isBatchCrcValid`).
 */
export function readRecordBatchHeader(
  bytes: Uint8Array,
  at = 0,
  end: number = bytes.length,
): Result<RecordBatchHeader, BatchFault> {
  if (end - at < batchPrefixBytes) return fail('truncated');
  const totalBytes = batchPrefixBytes + int32At(bytes, at + batchPosition.batchLength);
  if (end - at > batchPosition.magic && bytes[at + batchPosition.magic] !== 2) return fail('magic');
  if (totalBytes < batchOverheadBytes) return fail('length');
  if (totalBytes > end - at) return fail('truncated');
  const header = readFields(bytes, at, totalBytes);
  return areNumbersSound(header) ? ok(header) : fail('range');
}

function readFields(bytes: Uint8Array, at: number, totalBytes: number): RecordBatchHeader {
  const attributes = int16At(bytes, at + batchPosition.attributes);
  const lastOffsetDelta = int32At(bytes, at + batchPosition.lastOffsetDelta);
  const baseOffset = int64At(bytes, at + batchPosition.baseOffset);
  return {
    position: at,
    totalBytes,
    baseOffset: offset(baseOffset),
    lastOffset: offset(baseOffset + lastOffsetDelta),
    leaderEpoch: leaderEpoch(int32At(bytes, at + batchPosition.leaderEpoch)),
    crc: batchCrc(bytes, at),
    attributes,
    codec: attributes & batchAttribute.codecMask,
    isTransactional: (attributes & batchAttribute.transactional) !== 0,
    isControl: (attributes & batchAttribute.control) !== 0,
    lastOffsetDelta,
    baseTimestamp: timestampMs(int64At(bytes, at + batchPosition.baseTimestamp)),
    maxTimestamp: timestampMs(int64At(bytes, at + batchPosition.maxTimestamp)),
    producerId: bigInt64At(bytes, at + batchPosition.producerId),
    producerEpoch: int16At(bytes, at + batchPosition.producerEpoch),
    baseSequence: int32At(bytes, at + batchPosition.baseSequence),
    recordCount: int32At(bytes, at + batchPosition.recordCount),
  };
}

function areNumbersSound(header: RecordBatchHeader): boolean {
  return (
    header.baseOffset >= 0 &&
    header.lastOffsetDelta >= 0 &&
    Number.isSafeInteger(header.lastOffset) &&
    header.recordCount >= 0 &&
    header.recordCount <= header.lastOffsetDelta + 1 &&
    isTimestampSound(header.baseTimestamp) &&
    isTimestampSound(header.maxTimestamp)
  );
}

/** Timestamps stay within ±2^52 ms, so that the difference of any two is exact too. */
export const isTimestampSound = (timestamp: number): boolean => Math.abs(timestamp) <= 2 ** 52;

/** The stored CRC-32C of the batch at `at`. */
export const batchCrc = (bytes: Uint8Array, at: number): number =>
  int32At(bytes, at + batchPosition.crc) >>> 0;

/** The CRC-32C that the batch at `at`, of `totalBytes`, should have. */
export const computeBatchCrc = (bytes: Uint8Array, at: number, totalBytes: number): number =>
  crc32c(bytes, at + batchPosition.attributes, at + totalBytes);

/** Whether the stored CRC of a batch speaks of its bytes. Bytes 0-20 are outside of it (L6). */
export const isBatchCrcValid = (bytes: Uint8Array, header: RecordBatchHeader): boolean =>
  computeBatchCrc(bytes, header.position, header.totalBytes) === header.crc;

/** Gives a batch its place in the log, in place: both fields are outside of the CRC. */
export function stampBatch(
  bytes: Uint8Array,
  at: number,
  baseOffset: Offset,
  epoch: LeaderEpoch,
): void {
  setInt64(bytes, at + batchPosition.baseOffset, baseOffset);
  setInt32(bytes, at + batchPosition.leaderEpoch, epoch);
}

/** The codec's name; undefined for 5-7. */
export const compressionTypeOf = (header: RecordBatchHeader): CompressionType | undefined =>
  compressionTypes[header.codec];
