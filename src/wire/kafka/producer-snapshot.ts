import type { Offset, TimestampMs } from '../../base/brand.ts';
import { offset, timestampMs } from '../../base/brand.ts';
import { ByteReader, ByteWriter, setInt32 } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { limits } from '../../base/limits.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';

/** One remembered batch of a producer, oldest first in its entry. */
export interface SnapshotBatch {
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: Offset;
  readonly lastOffset: Offset;
  readonly timestamp: TimestampMs;
}

/** What a partition knows of one producer. */
export interface ProducerSnapshotEntry {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Sequences below it were never seen of this producer epoch; undefined: it is not known. */
  readonly sequenceFloor: number | undefined;
  readonly batches: readonly SnapshotBatch[];
}

export type SnapshotFault = 'crc' | 'version' | 'malformed';

/*
 * A format of our own in files named `.snapshot`: Kafka's keeps only the last batch of a producer,
 * and a restart would then answer a retry of the second-last as out of order instead of as a
 * duplicate (KIP-98).
 *
 *   "SLPS"  version int16  crc uint32 of all that follows  producers int32
 *   each: id int64, epoch int16, sequence floor int32 (-1: none), batches int8
 *   each: base and last sequence int32, base and last offset int64, timestamp int64
 */
const magic = 0x534c5053;
const version = 2;
const crcPosition = 6;
const bodyPosition = 10;
const entryBytesMin = 15;

/** The producer state of a partition as bytes of a `.snapshot` file. */
export function encodeProducerSnapshot(entries: readonly ProducerSnapshotEntry[]): Uint8Array {
  const writer = new ByteWriter(64 + entries.length * 64);
  writer.int32(magic);
  writer.int16(version);
  writer.int32(0);
  writer.int32(entries.length);
  for (const entry of entries) writeEntry(writer, entry);
  const bytes = writer.copy();
  setInt32(bytes, crcPosition, crc32c(bytes, bodyPosition));
  return bytes;
}

function writeEntry(writer: ByteWriter, entry: ProducerSnapshotEntry): void {
  writer.bigInt64(entry.producerId);
  writer.int16(entry.producerEpoch);
  writer.int32(entry.sequenceFloor ?? -1);
  writer.int8(entry.batches.length);
  for (const batch of entry.batches) {
    writer.int32(batch.baseSequence);
    writer.int32(batch.lastSequence);
    writer.int64(batch.baseOffset);
    writer.int64(batch.lastOffset);
    writer.int64(batch.timestamp);
  }
}

/**
 * The entries of a snapshot. Any damage is a fault: the caller rebuilds the state from the log
 * (L5).
 */
export function decodeProducerSnapshot(
  bytes: Uint8Array,
): Result<readonly ProducerSnapshotEntry[], SnapshotFault> {
  const reader = new ByteReader(bytes);
  if (reader.int32() !== magic) return fail('malformed');
  if (reader.int16() !== version) return fail('version');
  const crc = reader.uint32();
  if (reader.failed || crc !== crc32c(bytes, bodyPosition)) return fail('crc');
  const count = reader.int32();
  if (count < 0 || count * entryBytesMin > reader.remaining) return fail('malformed');
  const entries: ProducerSnapshotEntry[] = [];
  for (let left = count; left > 0 && !reader.failed; left--) entries.push(readEntry(reader));
  return reader.failed || reader.remaining > 0 ? fail('malformed') : ok(entries);
}

function readEntry(reader: ByteReader): ProducerSnapshotEntry {
  const producerId = reader.bigInt64();
  const producerEpoch = reader.int16();
  const floor = reader.int32();
  const count = reader.int8();
  if (count < 0 || count > limits.producerBatchesKept) reader.fail();
  const batches: SnapshotBatch[] = [];
  for (let left = count; left > 0 && !reader.failed; left--) batches.push(readBatch(reader));
  return { producerId, producerEpoch, sequenceFloor: floor < 0 ? undefined : floor, batches };
}

function readBatch(reader: ByteReader): SnapshotBatch {
  return {
    baseSequence: reader.int32(),
    lastSequence: reader.int32(),
    baseOffset: offset(reader.int64()),
    lastOffset: offset(reader.int64()),
    timestamp: timestampMs(reader.int64()),
  };
}
