import { ByteReader } from '../../base/bytes.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';
import type { Compression } from '../../ports/compression.ts';
import type { BatchFault, RecordBatchHeader } from './record-batch-header.ts';
import { batchOverheadBytes, compressionTypeOf, isTimestampSound } from './record-batch-header.ts';
import type { RecordHeader } from './record-headers.ts';
import { readRecordHeaders } from './record-headers.ts';

/**
 * No record is shorter: a length, attributes, two deltas, two lengths, a header count, one byte
 * each.
 */
const recordBytesMin = 7;

/**
 * Walks the records of one batch without allocating: after `next()` returned true the fields speak
 * of that record. Ends early with `fault` set where the bytes break the format. Positions are in
 * `bytes`, which are decompressed.
 */
export class RecordIterator {
  readonly bytes: Uint8Array;
  readonly #reader: ByteReader;
  readonly #baseTimestamp: number;
  readonly #baseOffset: number;
  #left: number;

  fault: BatchFault | undefined;
  offset = 0;
  timestamp = 0;
  offsetDelta = -1;
  keyPosition = 0;
  /** -1: null. */
  keyLength = -1;
  valuePosition = 0;
  /** -1: null. */
  valueLength = -1;
  /** Of the encoded headers, count included. */
  headersPosition = 0;
  headersEnd = 0;

  constructor(section: ByteReader, header: RecordBatchHeader) {
    this.bytes = section.bytes;
    this.#reader = section;
    this.#baseTimestamp = header.baseTimestamp;
    this.#baseOffset = header.baseOffset;
    this.#left = header.recordCount;
    // Each record takes bytes: a count that cannot be true is refused before anyone loops over it.
    if (header.recordCount * recordBytesMin > section.remaining) this.#fail();
  }

  /** Moves on. False at the end and at a fault. */
  next(): boolean {
    if (this.fault !== undefined) return false;
    if (this.#left === 0) {
      if (this.#reader.remaining > 0) this.#fail();
      return false;
    }
    this.#left--;
    this.#readRecord();
    if (this.#reader.failed) this.#fail();
    return this.fault === undefined;
  }

  /** A view of the key; undefined for null. */
  key(): Uint8Array | undefined {
    return this.#viewOf(this.keyPosition, this.keyLength);
  }

  /** A view of the value; undefined for null. */
  value(): Uint8Array | undefined {
    return this.#viewOf(this.valuePosition, this.valueLength);
  }

  /** The headers as the builder takes them. */
  encodedHeaders(): Uint8Array {
    return this.bytes.subarray(this.headersPosition, this.headersEnd);
  }

  /** The headers, decoded; empty where they are malformed. */
  headers(): readonly RecordHeader[] {
    const reader = new ByteReader(this.bytes, this.headersPosition, this.headersEnd);
    const headers = readRecordHeaders(reader);
    return reader.failed ? [] : headers;
  }

  #readRecord(): void {
    const reader = this.#reader;
    const length = reader.varint();
    const end = reader.position + length;
    if (length < 0 || end > reader.end) reader.fail();
    reader.int8();
    this.timestamp = this.#baseTimestamp + reader.varlong();
    if (!isTimestampSound(this.timestamp)) reader.fail();
    const delta = reader.varint();
    if (delta <= this.offsetDelta) reader.fail();
    this.offsetDelta = delta;
    this.offset = this.#baseOffset + delta;
    this.keyLength = this.#readLength();
    this.keyPosition = reader.position;
    reader.skip(Math.max(this.keyLength, 0));
    this.valueLength = this.#readLength();
    this.valuePosition = reader.position;
    reader.skip(Math.max(this.valueLength, 0));
    this.headersPosition = reader.position;
    this.headersEnd = end;
    this.#skipHeaders();
    if (reader.position !== end) reader.fail();
  }

  #readLength(): number {
    const length = this.#reader.varint();
    if (length < -1) this.#reader.fail();
    return length;
  }

  #skipHeaders(): void {
    const reader = this.#reader;
    const count = reader.varint();
    if (count < 0) reader.fail();
    for (let left = count; left > 0 && !reader.failed; left--) {
      reader.skip(reader.varint());
      reader.skip(Math.max(this.#readLength(), 0));
    }
  }

  #viewOf(at: number, length: number): Uint8Array | undefined {
    return length < 0 ? undefined : this.bytes.subarray(at, at + length);
  }

  #fail(): void {
    this.fault = 'records';
  }
}

/** How compressed records are opened: the port, and how large they may grow. */
export interface Decompression {
  readonly compression: Compression;
  readonly bytesMax: number;
}

/**
 * The records of the batch that `header` was read from. Without `decompression` only uncompressed
 * batches can be read; `codec`: this process cannot read them; `records`: the compressed bytes are
 * malformed or too large.
 */
export function iterateRecords(
  bytes: Uint8Array,
  header: RecordBatchHeader,
  decompression?: Decompression,
): Result<RecordIterator, BatchFault> {
  const start = header.position + batchOverheadBytes;
  const end = header.position + header.totalBytes;
  const type = compressionTypeOf(header);
  if (type === 'none') return ok(new RecordIterator(new ByteReader(bytes, start, end), header));
  if (type === undefined || !decompression?.compression.supports(type)) return fail('codec');
  const { compression, bytesMax } = decompression;
  const opened = compression.decompress(type, bytes.subarray(start, end), bytesMax);
  return opened === undefined
    ? fail('records')
    : ok(new RecordIterator(new ByteReader(opened), header));
}
