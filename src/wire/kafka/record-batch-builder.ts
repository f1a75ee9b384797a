import { assert } from '../../base/assert.ts';
import { ByteWriter, setBigInt64, setInt16, setInt32, setInt64 } from '../../base/bytes.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from '../../base/varint.ts';
import { batchAttribute, batchOverheadBytes, batchPosition } from './record-batch-header.ts';
import { batchPrefixBytes, computeBatchCrc } from './record-batch-header.ts';

/**
 * What the header says beyond the records. All default to "none": not idempotent, no place in a log
 * yet.
 */
export interface BatchIdentity {
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
}

/** Lengths of a record besides key, value and headers: at most this. */
const recordOverheadBytesMax = 31;

/**
 * Builds one uncompressed CreateTime batch after the other. Records go straight into a growing
 * buffer, nothing is allocated for a record; header and CRC are written once, by `finish`.
 */
export class RecordBatchBuilder {
  readonly #writer: ByteWriter;
  readonly #capacity: number;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;

  /** `capacity`: bytes that a usual batch takes; it grows where one does not fit. */
  constructor(capacity = 16_384) {
    this.#capacity = Math.max(capacity, batchOverheadBytes);
    this.#writer = new ByteWriter(this.#capacity);
    this.#writer.position = batchOverheadBytes;
  }

  get recordCount(): number {
    return this.#count;
  }

  /** Bytes of the batch if it were finished now. */
  get totalBytes(): number {
    return this.#writer.position;
  }

  /** No record with these parts adds more bytes than this. */
  static recordBytesMax(keyBytes: number, valueBytes: number, headersBytes: number): number {
    return recordOverheadBytesMax + keyBytes + valueBytes + headersBytes;
  }

  /**
   * Adds one record and returns its offset delta. `headers` is what `encodeRecordHeaders` gives.
   * All bytes are copied.
   */
  append(
    timestamp: number,
    key: Uint8Array | undefined,
    value: Uint8Array | undefined,
    headers: Uint8Array,
  ): number {
    const delta = this.#count++;
    if (delta === 0) this.#baseTimestamp = this.#maxTimestamp = timestamp;
    else if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    const timestampDelta = timestamp - this.#baseTimestamp;
    const keyBytes = key === undefined ? 0 : key.length;
    const valueBytes = value === undefined ? 0 : value.length;
    const bodyBytes =
      1 +
      varlongSize(timestampDelta) +
      varintSize(delta) +
      varintSize(key === undefined ? -1 : keyBytes) +
      keyBytes +
      varintSize(value === undefined ? -1 : valueBytes) +
      valueBytes +
      headers.length;
    let at = this.#writer.ensure(5 + bodyBytes);
    const bytes = this.#writer.bytes;
    at = writeVarint(bytes, at, bodyBytes);
    bytes[at++] = 0;
    at = writeVarlong(bytes, at, timestampDelta);
    at = writeVarint(bytes, at, delta);
    at = writeSized(bytes, at, key);
    at = writeSized(bytes, at, value);
    this.#writer.position = copyInto(bytes, at, headers);
    return delta;
  }

  /**
   * The finished batch, CRC included, in bytes that are the caller's alone. The builder is empty
   * again. At least one record must be there.
   */
  finish(identity: BatchIdentity = {}): Uint8Array {
    assert(this.#count > 0, 'a batch has a record');
    this.#writeHeader(identity);
    const batch = this.#takeBytes();
    setInt32(batch, batchPosition.crc, computeBatchCrc(batch, 0, batch.length));
    this.#count = 0;
    return batch;
  }

  /** Drops the records that were added. */
  clear(): void {
    this.#count = 0;
    this.#writer.position = batchOverheadBytes;
  }

  #writeHeader(identity: BatchIdentity): void {
    const bytes = this.#writer.bytes;
    setInt64(bytes, batchPosition.baseOffset, identity.baseOffset ?? 0);
    setInt32(bytes, batchPosition.batchLength, this.totalBytes - batchPrefixBytes);
    setInt32(bytes, batchPosition.leaderEpoch, identity.leaderEpoch ?? -1);
    bytes[batchPosition.magic] = 2;
    setInt16(bytes, batchPosition.attributes, attributesOf(identity));
    setInt32(bytes, batchPosition.lastOffsetDelta, this.#count - 1);
    setInt64(bytes, batchPosition.baseTimestamp, this.#baseTimestamp);
    setInt64(bytes, batchPosition.maxTimestamp, this.#maxTimestamp);
    setBigInt64(bytes, batchPosition.producerId, identity.producerId ?? -1n);
    setInt16(bytes, batchPosition.producerEpoch, identity.producerEpoch ?? -1);
    setInt32(bytes, batchPosition.baseSequence, identity.baseSequence ?? -1);
    setInt32(bytes, batchPosition.recordCount, this.#count);
  }

  /**
   * A batch that fills its buffer takes it along; a small one is copied, so that it does not pin
   * the whole buffer. Batches that follow each other are about as large: the next buffer is made
   * for one like this, and a large one is given up when batches have become small.
   */
  #takeBytes(): Uint8Array {
    const writer = this.#writer;
    const used = writer.position;
    const isFull = used * 2 > writer.bytes.length;
    const isLarge = writer.bytes.length > this.#capacity && used * 8 < writer.bytes.length;
    const batch = isFull ? writer.view() : writer.copy();
    if (isFull || isLarge) {
      writer.bytes = new Uint8Array(Math.max(this.#capacity, used + (used >>> 2)));
    }
    writer.position = batchOverheadBytes;
    return batch;
  }
}

function attributesOf(identity: BatchIdentity): number {
  return (
    (identity.isTransactional === true ? batchAttribute.transactional : 0) |
    (identity.isControl === true ? batchAttribute.control : 0)
  );
}

function writeSized(bytes: Uint8Array, at: number, part: Uint8Array | undefined): number {
  if (part === undefined) return writeVarint(bytes, at, -1);
  return copyInto(bytes, writeVarint(bytes, at, part.length), part);
}

/** For a few bytes a loop beats the call of `set`. */
function copyInto(bytes: Uint8Array, at: number, part: Uint8Array): number {
  const length = part.length;
  if (length > 24) bytes.set(part, at);
  else for (let index = 0; index < length; index++) bytes[at + index] = part[index] as number;
  return at + length;
}
