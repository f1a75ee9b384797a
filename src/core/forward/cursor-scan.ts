import { bytesEqual, utf8Encode } from '../../base/bytes.ts';
import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { scanBatches } from '../../wire/kafka/batch-scan.ts';
import { readControlType } from '../../wire/kafka/control-record.ts';
import type { RecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import { compressionTypeOf } from '../../wire/kafka/record-batch-header.ts';
import type { Decompression } from '../../wire/kafka/record-iterator.ts';
import { iterateRecords } from '../../wire/kafka/record-iterator.ts';
import type { Cursor } from './cursor.ts';
import { cursorOf } from './cursor.ts';

/** A record with our key: its value, undefined for a tombstone. */
interface Candidate {
  readonly offset: number;
  readonly value: Uint8Array | undefined;
}

/**
 * Finds the newest committed cursor in the batches of a cursor partition, read from its log start
 * to its high watermark (X2). The last stable offset says nothing here: another gateway's open
 * transaction may hold it below our newest cursor. So a transactional record waits for its
 * producer's own marker; one that never comes leaves it out.
 */
export class CursorScan {
  readonly #key: Uint8Array;
  readonly #decompression: Decompression;
  readonly #undecided = new Map<bigint, Candidate>();
  #newest: Candidate | undefined;
  #nextOffset: number;

  constructor(key: string, logStartOffset: number, decompression: Decompression) {
    this.#key = utf8Encode(key);
    this.#nextOffset = logStartOffset;
    this.#decompression = decompression;
  }

  /** Where to fetch next. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /**
   * Takes one fetch answer; a batch cut off at its end is left for the next one. A text is a reason
   * to stop: what cannot be read might be the newest cursor.
   */
  add(bytes: Uint8Array): Result<void, string> {
    const scan = scanBatches(bytes);
    if (scan.fault !== undefined && scan.fault !== 'truncated') return fail(this.#unreadable());
    for (const header of scan.headers) {
      if (header.lastOffset < this.#nextOffset) continue;
      if (header.isControl) this.#decide(bytes, header);
      else if (!this.#look(bytes, header)) return fail(this.#unreadable(header));
      this.#nextOffset = header.lastOffset + 1;
    }
    return ok(undefined);
  }

  /** The newest committed cursor of all that was added; undefined: there is none. */
  finish(): Result<Cursor | undefined, string> {
    const value = this.#newest?.value;
    return value === undefined ? ok(undefined) : cursorOf(value);
  }

  #look(bytes: Uint8Array, header: RecordBatchHeader): boolean {
    const records = iterateRecords(bytes, header, this.#decompression);
    if (!records.ok) return false;
    while (records.value.next()) {
      const key = records.value.key();
      if (key === undefined || !bytesEqual(key, this.#key)) continue;
      const candidate = { offset: records.value.offset, value: records.value.value()?.slice() };
      if (header.isTransactional) this.#undecided.set(header.producerId, candidate);
      else this.#keepNewer(candidate);
    }
    return records.value.fault === undefined;
  }

  #decide(bytes: Uint8Array, header: RecordBatchHeader): void {
    const candidate = this.#undecided.get(header.producerId);
    if (candidate === undefined) return;
    this.#undecided.delete(header.producerId);
    if (readControlType(bytes, header) === 'COMMIT') this.#keepNewer(candidate);
  }

  /** By place, not by time of commit: a transaction may be decided behind a later record. */
  #keepNewer(candidate: Candidate): void {
    if (this.#newest === undefined || candidate.offset > this.#newest.offset) {
      this.#newest = candidate;
    }
  }

  #unreadable(header?: RecordBatchHeader): string {
    const text = `the cursor topic cannot be read at offset ${this.#nextOffset}`;
    const type = header && compressionTypeOf(header);
    if (type === undefined || this.#decompression.compression.supports(type)) return text;
    return `${text}: central packs it with ${type}; see Central in deploy/README.md`;
  }
}
