import { offset } from '../../base/brand.ts';
import type { Offset } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { present } from '../../base/assert.ts';
import type { Compression, CompressionType } from '../../ports/compression.ts';
import { compressBatch } from '../../wire/kafka/batch-compression.ts';
import { RecordBatchBuilder } from '../../wire/kafka/record-batch-builder.ts';
import type { RecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import { readRecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import type { RecordIterator } from '../../wire/kafka/record-iterator.ts';
import { iterateRecords } from '../../wire/kafka/record-iterator.ts';
import type { BatchIdentity } from './supervision.ts';

/**
 * A batch to send; its header still says where it lay. `patchForForward` gives it the producer's
 * triple.
 */
export interface Outgoing {
  readonly bytes: Uint8Array;
  readonly header: RecordBatchHeader;
}

/** What one transaction carries, and where the cursor stands behind it. */
export interface ForwardPlan {
  readonly batches: readonly Outgoing[];
  readonly nextOffset: Offset;
  /** The last edge batch among them; absent when there were control batches only. */
  readonly lastForwarded: BatchIdentity | undefined;
}

export interface RebuildOptions {
  /** Records before it were forwarded already: an operator may point into a batch (X1). */
  readonly from: Offset;
  readonly batchBytesMax: number;
  readonly type: CompressionType;
  readonly compression: Compression;
}

/**
 * Turns fetched, CRC-checked batches into what central gets. Control batches stay here (X6). Large
 * ones pass as they are; when the mean is small they are decoded and rebuilt into few; a batch that
 * is thinned out or larger than central shall get is rebuilt in any case. Timestamps, keys, values
 * and headers of the records stay as they are.
 */
export function planForward(
  bytes: Uint8Array,
  headers: readonly RecordBatchHeader[],
  options: RebuildOptions,
): ForwardPlan {
  const full = headers.filter((header) => !header.isControl && header.recordCount > 0);
  const dataBytes = full.reduce((sum, header) => sum + header.totalBytes, 0);
  const areSmall = full.length > 1 && dataBytes < full.length * limits.forwardRebuildBelowBytes;
  const rebuilder = new Rebuilder(options);
  let last = present(headers[0], 'a plan has batches');
  let lastData: RecordBatchHeader | undefined;
  for (const header of headers) {
    // A few small batches may hide very much: the rest is left to the next transaction.
    if (rebuilder.openBytes > limits.forwardDecompressedBytesMax) break;
    last = header;
    if (header.isControl) continue;
    lastData = header;
    const isRebuilt =
      (areSmall && header.totalBytes < limits.forwardRebuildBelowBytes) ||
      header.recordCount !== header.lastOffsetDelta + 1 ||
      header.totalBytes > options.batchBytesMax ||
      header.baseOffset < options.from;
    if (header.recordCount === 0) continue;
    if (!isRebuilt || !rebuilder.decode(bytes, header)) rebuilder.pass(bytes, header);
  }
  return {
    batches: rebuilder.finish(),
    nextOffset: offset(last.lastOffset + 1),
    lastForwarded: lastData && identityOf(lastData),
  };
}

/** What X1 compares. */
export const identityOf = (header: RecordBatchHeader): BatchIdentity => ({
  leaderEpoch: header.leaderEpoch,
  baseOffset: header.baseOffset,
  crc: header.crc,
});

class Rebuilder {
  readonly #options: RebuildOptions;
  readonly #done: Outgoing[] = [];
  readonly #builder = new RecordBatchBuilder();
  #openBytes = 0;

  constructor(options: RebuildOptions) {
    this.#options = options;
  }

  /** What the batches so far take uncompressed, as far as they were opened. */
  get openBytes(): number {
    return this.#openBytes;
  }

  pass(bytes: Uint8Array, header: RecordBatchHeader): void {
    this.#flush();
    this.#openBytes += header.totalBytes;
    this.#done.push({ bytes, header });
  }

  /**
   * False if this process cannot open the batch: then it passes as it is, and central has the last
   * word.
   */
  decode(bytes: Uint8Array, header: RecordBatchHeader): boolean {
    const bytesMax = limits.forwardDecompressedBytesMax;
    const decompression = { compression: this.#options.compression, bytesMax };
    const probe = iterateRecords(bytes, header, decompression);
    if (!probe.ok || !isSound(probe.value)) return false;
    const records = iterateRecords(bytes, header, decompression);
    if (!records.ok) return false;
    while (records.value.next()) this.#append(records.value);
    return true;
  }

  finish(): readonly Outgoing[] {
    this.#flush();
    return this.#done;
  }

  #append(record: RecordIterator): void {
    if (record.offset < this.#options.from) return;
    const key = record.key();
    const value = record.value();
    const headers = record.encodedHeaders();
    const added = RecordBatchBuilder.recordBytesMax(
      key?.length ?? 0,
      value?.length ?? 0,
      headers.length,
    );
    if (this.#builder.totalBytes + added > this.#options.batchBytesMax) this.#flush();
    this.#builder.append(record.timestamp, key, value, headers);
    this.#openBytes += added;
  }

  #flush(): void {
    if (this.#builder.recordCount === 0) return;
    const plain = outgoing(this.#builder.finish());
    const { type, compression } = this.#options;
    if (type === 'none' || !compression.supports(type)) {
      this.#done.push(plain);
      return;
    }
    const packed = compressBatch(plain.bytes, plain.header, type, compression);
    this.#done.push(packed.length < plain.bytes.length ? outgoing(packed) : plain);
  }
}

function outgoing(bytes: Uint8Array): Outgoing {
  const header = readRecordBatchHeader(bytes);
  return { bytes, header: present(header.ok ? header.value : undefined, 'a built batch is sound') };
}

/** Whether all records can be read; asked first, so that half of a batch is never taken. */
function isSound(records: RecordIterator): boolean {
  while (records.next());
  return records.fault === undefined;
}
