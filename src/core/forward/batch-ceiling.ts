import type { Compression } from '../../ports/compression.ts';
import type { RecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import { compressionTypeOf } from '../../wire/kafka/record-batch-header.ts';
import { limits } from '../../base/limits.ts';

/**
 * How large a batch central takes, as far as its refusals have told: `max.message.bytes` of its
 * topic may lie below ours. It falls with each refusal and rises no more: to try a larger one would
 * cost a transaction each time.
 */
export class BatchCeiling {
  readonly #compression: Pick<Compression, 'supports'>;
  #bytes: number;

  constructor(bytesMax: number, compression: Pick<Compression, 'supports'>) {
    this.#bytes = bytesMax;
    this.#compression = compression;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Central called one of these too large, so the largest is. False: that one is a single record,
   * or packed in a way that this process cannot open, and smaller batches are no way out.
   */
  refused(headers: readonly RecordBatchHeader[]): boolean {
    const [largest] = [...headers].sort((a, b) => b.totalBytes - a.totalBytes);
    if (largest === undefined || largest.recordCount < 2) return false;
    const type = compressionTypeOf(largest);
    if (type === undefined || !this.#compression.supports(type)) return false;
    const bytes = Math.max(limits.forwardBatchBytesMin, Math.floor(largest.totalBytes / 2));
    if (bytes >= this.#bytes) return false;
    this.#bytes = bytes;
    return true;
  }
}
