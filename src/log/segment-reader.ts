import { offset } from '../base/brand.ts';
import type { Offset } from '../base/brand.ts';
import { concatBytes, int32At } from '../base/bytes.ts';
import type { Disk, DiskFile } from '../ports/disk.ts';
import type { EpochStart } from '../ports/recovered-log.ts';
import {
  batchOverheadBytes,
  batchPosition,
  batchPrefixBytes,
  isBatchCrcValid,
  readRecordBatchHeader,
} from '../wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { epochAt } from './epoch-starts.ts';
import { readSalvaging } from './salvage.ts';
import { openIfThere } from './files.ts';
import type { OffsetIndex } from './offset-index.ts';
import type { Segment } from './segment.ts';
import type { ReadRange } from './tail-cache.ts';

/**
 * Read with a batch, so that a second read is seldom needed for the header of the one behind it.
 */
const readAheadBytes = 16 * 1024;

/**
 * What reads of a segment lead to: bytes, or bytes that fail, or the file is gone (retention,
 * truncation).
 */
export type SegmentRead = Uint8Array | 'damaged' | 'gone';

/** Where a read begins, and what the batch there must be for the index to be believed (L5). */
interface ReadStart {
  readonly position: number;
  readonly baseOffset: Offset | undefined;
  readonly lastOffset: Offset | undefined;
}

/**
 * Whole batches from the one that holds `range.from`, which must be in the segment, at least one;
 * each is checked by CRC, offset continuity and leader epoch. Ends in front of the first bad one;
 * `damaged` if that is the first of all.
 */
export async function readSegment(
  disk: Disk,
  segment: Segment,
  range: ReadRange,
  epochStarts: readonly EpochStart[],
): Promise<SegmentRead> {
  // Taken before anything is awaited: what is appended from here on may be half written.
  const endPosition = segment.bytes;
  const file = await openIfThere(disk, segment.path('log'));
  if (file === undefined) return 'gone';
  try {
    const start = await startOf(disk, segment, range.from);
    return await new Walk(file, endPosition, segment, epochStarts).run(start, range);
  } finally {
    await file.close();
  }
}

async function startOf(disk: Disk, segment: Segment, from: Offset): Promise<ReadStart> {
  const { baseOffset, dense } = segment;
  if (dense !== undefined) {
    const entry = dense.floor(from - baseOffset - 1) + 1;
    return startAt(dense, entry, baseOffset);
  }
  await segment.loadIndexes(disk);
  const entry = segment.index?.floor(from - baseOffset) ?? -1;
  if (segment.index === undefined || entry < 0) {
    return { position: 0, baseOffset, lastOffset: undefined };
  }
  return startAt(segment.index, entry, baseOffset);
}

function startAt(index: OffsetIndex, entry: number, baseOffset: Offset): ReadStart {
  const lastOffset = offset(baseOffset + index.relativeOffset(entry));
  return { position: index.position(entry), baseOffset: undefined, lastOffset };
}

/** One pass over a segment's file, from batch to batch. */
class Walk {
  readonly #file: DiskFile;
  readonly #endPosition: number;
  readonly #segment: Segment;
  readonly #epochStarts: readonly EpochStart[];
  #window: Uint8Array = new Uint8Array(0);
  #windowPosition = 0;

  constructor(
    file: DiskFile,
    endPosition: number,
    segment: Segment,
    epochStarts: readonly EpochStart[],
  ) {
    this.#file = file;
    this.#endPosition = endPosition;
    this.#segment = segment;
    this.#epochStarts = epochStarts;
  }

  async run(start: ReadStart, { from, to, bytesMax }: ReadRange): Promise<SegmentRead> {
    const chunks: Uint8Array[] = [];
    let position = start.position;
    let { baseOffset, lastOffset } = start;
    let bytes = 0;
    while (position < this.#endPosition) {
      const header = await this.#headerAt(position, bytesMax);
      if (header === undefined || !isExpected(header, baseOffset, lastOffset)) break;
      if (header.lastOffset >= from) {
        // Checked first: a rotten header must not pass for a batch that reaches too far.
        if (!this.#isSound(header)) break;
        const isOver = chunks.length > 0 && bytes + header.totalBytes > bytesMax;
        if (isOver || header.lastOffset >= to) return joined(chunks);
        const at = header.position;
        chunks.push(this.#window.subarray(at, at + header.totalBytes));
        bytes += header.totalBytes;
      }
      position += header.totalBytes;
      baseOffset = offset(header.lastOffset + 1);
      lastOffset = undefined;
    }
    if (chunks.length > 0) return joined(chunks);
    return 'damaged';
  }

  /** The header of the batch at a place in the file, with all of the batch in the window. */
  async #headerAt(position: number, bytesMax: number): Promise<RecordBatchHeader | undefined> {
    const left = this.#endPosition - position;
    if (left < batchOverheadBytes) return undefined;
    await this.#see(position, batchOverheadBytes, Math.min(left, bytesMax + readAheadBytes));
    const at = position - this.#windowPosition;
    if (this.#window.length - at < batchOverheadBytes) return undefined;
    const total = batchPrefixBytes + int32At(this.#window, at + batchPosition.batchLength);
    if (total < batchOverheadBytes || total > left) return undefined;
    await this.#see(position, total, total);
    const header = readRecordBatchHeader(this.#window, position - this.#windowPosition);
    return header.ok ? header.value : undefined;
  }

  async #see(position: number, needed: number, wanted: number): Promise<void> {
    const end = this.#windowPosition + this.#window.length;
    if (position >= this.#windowPosition && position + needed <= end) return;
    const length = Math.max(needed, wanted);
    // A sector that cannot be read is damage like any other.
    this.#window = await readSalvaging(this.#file, position, length);
    this.#windowPosition = position;
  }

  #isSound(header: RecordBatchHeader): boolean {
    if (!isBatchCrcValid(this.#window, header)) return false;
    const { isExamined, epochStarts } = this.#segment;
    const starts = isExamined ? epochStarts : this.#epochStarts;
    return epochAt(starts, header.baseOffset) === header.leaderEpoch;
  }
}

/**
 * The chunks as one array: a view of the window where they lie one behind the other in it, as they
 * nearly always do. A copy of megabytes for each Fetch would cost more in collected garbage than
 * the CRCs do.
 */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const first = chunks[0];
  const last = chunks.at(-1);
  if (first === undefined || last === undefined) return new Uint8Array(0);
  // Each window has a buffer of its own, and positions in it only rise.
  if (first.buffer !== last.buffer) return concatBytes(chunks);
  const length = last.byteOffset + last.length - first.byteOffset;
  return new Uint8Array(first.buffer, first.byteOffset, length);
}

const isExpected = (
  header: RecordBatchHeader,
  baseOffset: Offset | undefined,
  lastOffset: Offset | undefined,
): boolean =>
  (baseOffset === undefined || header.baseOffset === baseOffset) &&
  (lastOffset === undefined || header.lastOffset === lastOffset);
