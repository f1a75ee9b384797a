import { assert } from '../base/assert.ts';
import { offset, timestampMs } from '../base/brand.ts';
import type { Offset, TimestampMs } from '../base/brand.ts';
import { crc32c } from '../base/crc32c.ts';
import type { Disk } from '../ports/disk.ts';
import type { VotersFrom } from '../ports/stored-voters.ts';
import type { EpochStart, RotRange, SegmentSummary } from '../ports/recovered-log.ts';
import { batchPosition } from '../wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { addEpoch } from './epoch-starts.ts';
import { readWhole, toleratingNoSpace, writeDerived } from './files.ts';
import { OffsetIndex } from './offset-index.ts';
import { encodeDigest } from './segment-digest.ts';
import type { SegmentDigest } from './segment-digest.ts';
import { segmentPath } from './segment-files.ts';
import { TimeIndex } from './time-index.ts';
import { votersIn } from './voter-records.ts';

const int32Max = 0x7fffffff;
/**
 * Index entries wait in memory until so many are there: one small write for about a quarter MiB of
 * log.
 */
const entriesPerWrite = 64;

/**
 * One file of a log and what is known of it. Its batches follow each other without a hole: a hole
 * ends a segment.
 */
export class Segment {
  readonly dir: string;
  readonly baseOffset: Offset;
  endOffset: Offset;
  bytes = 0;
  batches = 0;
  maxTimestamp: TimestampMs = timestampMs(-1);
  readonly epochStarts: EpochStart[] = [];
  /** Of its Voters records (V1). */
  readonly voterSets: VotersFrom[] = [];
  headersCrc = 0;
  /** Loaded for the active segment; for a sealed one while it is in use. */
  index: OffsetIndex | undefined;
  timeIndex: TimeIndex | undefined;
  /** Rot that a read came upon; its place in the file stays as it is until the next start. */
  damage: readonly RotRange[] = [];
  /**
   * Every good batch of an examined segment, where the sparse index or the file was found wrong.
   */
  dense: OffsetIndex | undefined;
  /** A scan has compared this segment with itself: its own leader epochs stand. */
  isExamined = false;
  #maxTimestampOffset: Offset;
  #bytesSinceEntry = 0;
  #indexWritten = 0;
  #timeIndexWritten = 0;

  constructor(dir: string, baseOffset: Offset) {
    this.dir = dir;
    this.baseOffset = baseOffset;
    this.endOffset = baseOffset;
    this.#maxTimestampOffset = baseOffset;
  }

  /** A sealed segment that is trusted by its sidecar. */
  static fromDigest(dir: string, digest: SegmentDigest): Segment {
    const segment = new Segment(dir, digest.baseOffset);
    segment.endOffset = digest.endOffset;
    segment.bytes = digest.bytes;
    segment.batches = digest.batches;
    segment.maxTimestamp = digest.maxTimestamp;
    segment.epochStarts.push(...digest.epochStarts);
    segment.voterSets.push(...(digest.voterSets ?? []));
    segment.headersCrc = digest.headersCrc;
    return segment;
  }

  /**
   * A segment of batches that lie one behind the other in `bytes`, as the file that has, or will
   * have, just these.
   */
  static fromBatches(
    place: { readonly dir: string; readonly baseOffset: Offset },
    bytes: Uint8Array,
    batches: readonly RecordBatchHeader[],
    indexIntervalBytes: number,
  ): Segment {
    const segment = new Segment(place.dir, place.baseOffset);
    segment.startIndexes();
    for (const batch of batches) segment.add(batch, bytes, indexIntervalBytes);
    return segment;
  }

  get summary(): SegmentSummary {
    return { baseOffset: this.baseOffset, bytes: this.bytes, maxTimestamp: this.maxTimestamp };
  }

  get digest(): SegmentDigest {
    const { baseOffset, endOffset, bytes, batches, headersCrc, maxTimestamp } = this;
    const { epochStarts, voterSets } = this;
    return {
      ...{ baseOffset, endOffset, bytes, batches, headersCrc, maxTimestamp, epochStarts },
      ...(voterSets.length === 0 ? {} : { voterSets }),
    };
  }

  /**
   * Whether a batch still fits: relative offsets and positions are signed 32-bit in Kafka's index
   * files.
   */
  canTake(lastOffset: Offset, bytes: number): boolean {
    return lastOffset - this.baseOffset <= int32Max && this.bytes + bytes <= int32Max;
  }

  /**
   * Takes note of a batch that was written at the end. `source` holds its bytes at
   * `batch.position`.
   */
  add(batch: RecordBatchHeader, source: Uint8Array, indexIntervalBytes: number): void {
    assert(batch.baseOffset === this.endOffset, 'batches of a segment follow each other');
    assert(
      this.canTake(batch.lastOffset, batch.totalBytes),
      'the segment is rolled before it is full',
    );
    addEpoch(this.epochStarts, batch.leaderEpoch, batch.baseOffset);
    const voters = votersIn(source, batch);
    if (voters !== undefined) this.voterSets.push(voters);
    const end = batch.position + batchPosition.attributes;
    this.headersCrc = crc32c(source, batch.position, end, this.headersCrc);
    if (!batch.isControl && batch.maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = batch.maxTimestamp;
      this.#maxTimestampOffset = batch.lastOffset;
    }
    if (this.#bytesSinceEntry > indexIntervalBytes) {
      this.index?.append(batch.lastOffset - this.baseOffset, this.bytes);
      this.#noteTime();
      this.#bytesSinceEntry = 0;
    }
    this.dense?.append(batch.lastOffset - this.baseOffset, this.bytes);
    this.#bytesSinceEntry += batch.totalBytes;
    this.bytes += batch.totalBytes;
    this.batches++;
    this.endOffset = offset(batch.lastOffset + 1);
  }

  startIndexes(): void {
    this.index = new OffsetIndex();
    this.timeIndex = new TimeIndex();
  }

  /** Reads the index files of a sealed segment; false if they are missing or cannot be true. */
  async loadIndexes(disk: Disk): Promise<boolean> {
    if (this.index !== undefined && this.timeIndex !== undefined) return true;
    const offsets = await readWhole(disk, this.path('index'));
    const times = await readWhole(disk, this.path('timeindex'));
    const index = offsets && OffsetIndex.decode(offsets, this.bytes);
    const timeIndex = times && TimeIndex.decode(times);
    if (index === undefined || timeIndex === undefined) return false;
    [this.index, this.timeIndex] = [index, timeIndex];
    return true;
  }

  dropIndexes(): void {
    [this.index, this.timeIndex] = [undefined, undefined];
  }

  /**
   * Writes the entries that wait, if there are many or `all` is asked for. A full disk leaves them
   * waiting.
   */
  async writeIndexes(disk: Disk, all: boolean): Promise<void> {
    const { index, timeIndex } = this;
    if (index === undefined || timeIndex === undefined) return;
    if (!all && index.count - this.#indexWritten < entriesPerWrite) return;
    const [offsets, times] = [index.count, timeIndex.count];
    const from = OffsetIndex.positionInFile(this.#indexWritten);
    const isDone = await append(
      disk,
      this.path('index'),
      from,
      index.encodeFrom(this.#indexWritten),
    );
    if (!isDone) return;
    this.#indexWritten = offsets;
    const timeFrom = TimeIndex.positionInFile(this.#timeIndexWritten);
    const entries = timeIndex.encodeFrom(this.#timeIndexWritten);
    if (await append(disk, this.path('timeindex'), timeFrom, entries)) {
      this.#timeIndexWritten = times;
    }
  }

  /** Puts whole index files in the place of whatever is there. */
  async rewriteIndexes(disk: Disk): Promise<void> {
    const { index, timeIndex } = this;
    if (index === undefined || timeIndex === undefined) return;
    const isIndexWritten = await writeDerived(disk, this.path('index'), index.encodeFrom(0));
    if (isIndexWritten) this.#indexWritten = index.count;
    const isTimeWritten = await writeDerived(disk, this.path('timeindex'), timeIndex.encodeFrom(0));
    if (isTimeWritten) this.#timeIndexWritten = timeIndex.count;
  }

  /** Ends the indexes with the newest timestamp and writes them and the sidecar (L6). */
  async writeSealed(disk: Disk): Promise<void> {
    this.#noteTime();
    await this.writeIndexes(disk, true);
    // A digest is what a start trusts: a segment with rot in it must be read then.
    if (this.damage.length > 0) return;
    await writeDerived(disk, this.path('digest'), encodeDigest(this.digest));
  }

  /** Ends the time index with the newest timestamp, as a seal does. */
  endTimeIndex(): void {
    this.#noteTime();
  }

  path(suffix: Parameters<typeof segmentPath>[2]): string {
    return segmentPath(this.dir, this.baseOffset, suffix);
  }

  #noteTime(): void {
    this.timeIndex?.maybeAppend(this.maxTimestamp, this.#maxTimestampOffset - this.baseOffset);
  }
}

/** Writes derived bytes at a place in a file, making it if need be; false if there is no space. */
async function append(
  disk: Disk,
  path: string,
  position: number,
  bytes: Uint8Array,
): Promise<boolean> {
  if (bytes.length === 0 && position > 0) return true;
  if (position === 0) return writeDerived(disk, path, bytes);
  return toleratingNoSpace(async () => {
    const file = await disk.open(path, 'readWrite');
    try {
      await file.write(position, [bytes]);
    } finally {
      await file.close();
    }
  });
}
