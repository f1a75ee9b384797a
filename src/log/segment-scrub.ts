import { bytesEqual, int32At } from '../base/bytes.ts';
import {
  batchOverheadBytes,
  batchPosition,
  batchPrefixBytes,
  isBatchCrcValid,
  readRecordBatchHeader,
} from '../wire/kafka/record-batch-header.ts';
import type { LogContext } from './log-context.ts';
import { openIfThere, readWhole, writeDerived } from './files.ts';
import { readSalvaging } from './salvage.ts';
import { encodeDigest } from './segment-digest.ts';
import { Segment } from './segment.ts';

/** Read in one piece: little beside the log, and little that the page cache must hold. */
const windowBytes = 64 * 1024;

export interface ScrubStep {
  readonly bytes: number;
  readonly isDone: boolean;
}

export interface SegmentScrubOptions {
  readonly context: LogContext;
  readonly segment: Segment;
  readonly isSealed: boolean;
  /** False once a truncation or retention has put it out of the log. */
  readonly isCurrent: () => boolean;
  /** Something in it is not as it was written: read all of it and name what is rotten. */
  readonly suspect: () => Promise<void>;
}

/**
 * Reads one segment window by window and compares it with what is known of it. All of a batch is
 * covered: by its CRC, and in front of that by the digest. Nothing is kept open between the steps;
 * each page is read once. Of the active segment only what was there at the beginning counts.
 */
export class SegmentScrub {
  readonly #options: SegmentScrubOptions;
  readonly #endPosition: number;
  readonly #headersCrc: number;
  /** The segment as its bytes tell it. */
  readonly #told: Segment;

  constructor(options: SegmentScrubOptions) {
    this.#options = options;
    const { dir, baseOffset, bytes, headersCrc } = options.segment;
    this.#endPosition = bytes;
    this.#headersCrc = headersCrc;
    this.#told = new Segment(dir, baseOffset);
    this.#told.startIndexes();
  }

  /** Reads the next window. Rejects with DiskError; a sector that cannot be read is rot. */
  async step(): Promise<ScrubStep> {
    const { segment } = this.#options;
    const { disk } = this.#options.context;
    const position = this.#told.bytes;
    if (position >= this.#endPosition) return this.#finish(0);
    const file = await openIfThere(disk, segment.path('log'));
    if (file === undefined) return { bytes: 0, isDone: true };
    let window: Uint8Array;
    try {
      window = await readSalvaging(file, position, this.#windowFor(windowBytes));
      const needed = this.#windowFor(batchBytes(window));
      if (needed > window.length) window = await readSalvaging(file, position, needed);
    } finally {
      await file.close();
    }
    if (!this.#take(window)) {
      await this.#suspect();
      return { bytes: window.length, isDone: true };
    }
    if (this.#told.bytes < this.#endPosition) return { bytes: window.length, isDone: false };
    return this.#finish(window.length);
  }

  #windowFor(wanted: number): number {
    return Math.min(wanted, this.#endPosition - this.#told.bytes);
  }

  /** Takes the whole batches of a window; false if there is none, or one is not sound. */
  #take(window: Uint8Array): boolean {
    let at = 0;
    while (at < window.length) {
      const header = readRecordBatchHeader(window, at);
      if (!header.ok) return at > 0 && header.error === 'truncated';
      const { baseOffset, totalBytes } = header.value;
      if (baseOffset !== this.#told.endOffset || !isBatchCrcValid(window, header.value)) {
        return false;
      }
      this.#told.add(header.value, window, this.#options.context.indexIntervalBytes);
      at += totalBytes;
    }
    return at > 0;
  }

  async #finish(bytes: number): Promise<ScrubStep> {
    if (this.#told.headersCrc === this.#headersCrc) await this.#checkDerived();
    else await this.#suspect();
    return { bytes, isDone: true };
  }

  async #suspect(): Promise<void> {
    if (this.#options.isCurrent()) await this.#options.suspect();
  }

  async #checkDerived(): Promise<void> {
    const { context, segment, isSealed, isCurrent } = this.#options;
    const { disk, telemetry } = context;
    if (!isSealed) return;
    this.#told.endTimeIndex();
    const { index, timeIndex } = this.#told;
    const right = [
      ['digest', encodeDigest(segment.digest)],
      ['index', index?.encodeFrom(0) ?? new Uint8Array(0)],
      ['timeindex', timeIndex?.encodeFrom(0) ?? new Uint8Array(0)],
    ] as const;
    for (const [suffix, bytes] of right) {
      const path = segment.path(suffix);
      const found = await readWhole(disk, path);
      if (found !== undefined && bytesEqual(found, bytes)) continue;
      if (!isCurrent()) return;
      segment.dropIndexes();
      await writeDerived(disk, path, bytes);
      telemetry?.write('warn', 'A file was damaged and is written anew from the log.', {
        file: path,
      });
    }
  }
}

/** How long the batch at the beginning says it is. */
function batchBytes(window: Uint8Array): number {
  if (window.length < batchOverheadBytes) return window.length;
  return batchPrefixBytes + int32At(window, batchPosition.batchLength);
}
