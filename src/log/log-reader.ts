import { assert } from '../base/assert.ts';
import { offset } from '../base/brand.ts';
import type { Offset, TimestampMs } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import { fail, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { Disk } from '../ports/disk.ts';
import type { EpochStart, RotRange } from '../ports/recovered-log.ts';
import { readRecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import type { Decompression } from '../wire/kafka/record-iterator.ts';
import type { LogReadError } from './log-read-error.ts';
import type { RotFoundBy, RotReports } from './rot-report.ts';
import { examineSegment } from './segment-examination.ts';
import { readSegment } from './segment-reader.ts';
import type { SegmentRead } from './segment-reader.ts';
import type { Segment } from './segment.ts';
import { TailCache } from './tail-cache.ts';
import type { ReadRange } from './tail-cache.ts';
import { findByTime } from './time-lookup.ts';
import type { FoundOffset } from './time-lookup.ts';

type Read = (range: ReadRange) => Promise<Result<Uint8Array, LogReadError>>;

/** The reading side of one log: the tail from memory, the rest from its segments, checked. */
export class LogReader {
  readonly #disk: Disk;
  readonly #decompression: Decompression | undefined;
  readonly #reports: RotReports;
  readonly #tail = new TailCache();
  /** Sealed segments with their indexes in memory, the latest used last. */
  #indexed: Segment[] = [];

  constructor(disk: Disk, decompression: Decompression | undefined, reports: RotReports) {
    this.#disk = disk;
    this.#decompression = decompression;
    this.#reports = reports;
  }

  /** A batch was appended: it is read from memory while it is among the newest. */
  remember(batch: Uint8Array, header: RecordBatchHeader): void {
    this.#tail.push(batch, header.baseOffset, header.lastOffset);
  }

  /** The log was cut: what is in memory may not be in it any more. */
  forget(): void {
    this.#tail.clear();
    this.#indexed = [];
  }

  /**
   * `range.from` lies in the log, between its start and its end. A hole is jumped: the bytes begin
   * behind it then, and their offsets say so. An error names the hole where nothing sound below
   * `range.to` follows it: an empty answer would hide it.
   */
  async read(
    segments: readonly Segment[],
    range: ReadRange,
    epochStarts: readonly EpochStart[],
  ): Promise<Result<Uint8Array, LogReadError>> {
    for (let { from } = range; ;) {
      const read = await this.#readAt(segments, { ...range, from }, epochStarts);
      // What cannot be read now, and is no known hole, may be readable next time.
      const hole = read.ok ? undefined : knownHole(segments, from);
      if (hole === undefined || hole.to <= from || hole.to >= range.to) return read;
      from = hole.to;
    }
  }

  /** As `read`, but a hole at `range.from` is an error. */
  async #readAt(
    segments: readonly Segment[],
    range: ReadRange,
    epochStarts: readonly EpochStart[],
  ): Promise<Result<Uint8Array, LogReadError>> {
    const cached = this.#tail.read(range);
    if (cached !== undefined) return ok(cached);
    const segment = segmentOf(segments, range.from);
    if (segment === undefined) return fail(storageError(holeAt(segments, range.from)));
    const known = damageAt(segment, range.from);
    if (known !== undefined) return fail(storageError(known));
    this.#use(segment, segments);
    let read = await readSegment(this.#disk, segment, range, epochStarts);
    if (read === 'damaged') read = await this.#readExamined(segment, range, epochStarts);
    if (read === 'gone') return fail({ code: 'OFFSET_OUT_OF_RANGE' });
    if (read !== 'damaged') return ok(read);
    return fail(storageError(damageAt(segment, range.from) ?? wholeOf(segment, range.from)));
  }

  /**
   * Where the batch that holds an offset begins; the offset itself at the end, in a hole or in rot.
   */
  async batchStart(
    segments: readonly Segment[],
    at: Offset,
    epochStarts: readonly EpochStart[],
  ): Promise<Offset> {
    const segment = segmentOf(segments, at);
    if (segment === undefined) return at;
    const read = await this.read(
      segments,
      { from: at, to: segment.endOffset, bytesMax: 1 },
      epochStarts,
    );
    if (!read.ok || read.value.length === 0) return at;
    const header = readRecordBatchHeader(read.value);
    assert(header.ok, 'a read gives whole batches');
    return offset(Math.min(at, header.value.baseOffset));
  }

  findOffset(
    segments: readonly Segment[],
    read: Read,
    wanted: {
      readonly timestamp: TimestampMs;
      readonly to: Offset;
      readonly logStartOffset: () => Offset;
    },
  ): Promise<Result<FoundOffset | undefined, LogReadError>> {
    const search = {
      segments,
      read,
      logStartOffset: wanted.logStartOffset,
      decompression: this.#decompression,
      loadIndexes: async (segment: Segment): Promise<void> => {
        this.#use(segment, segments);
        await segment.loadIndexes(this.#disk);
      },
    };
    return findByTime(search, wanted.timestamp, wanted.to);
  }

  /**
   * A second try after the whole segment was looked at: an index that lied is out of the way then.
   */
  async #readExamined(
    segment: Segment,
    range: ReadRange,
    epochStarts: readonly EpochStart[],
  ): Promise<SegmentRead> {
    await this.examine(segment, 'read');
    if (damageAt(segment, range.from) !== undefined) return 'damaged';
    return readSegment(this.#disk, segment, range, epochStarts);
  }

  /** Reads all of a segment that does not read as it should, and reports what is rotten in it. */
  async examine(segment: Segment, found: RotFoundBy): Promise<void> {
    this.#reports.report(await examineSegment(this.#disk, segment), found);
  }

  /** Keeps the indexes of few sealed segments in memory. */
  #use(segment: Segment, segments: readonly Segment[]): void {
    if (segment === segments.at(-1)) return;
    this.#indexed = [...this.#indexed.filter((one) => one !== segment), segment];
    if (this.#indexed.length > limits.sealedIndexesMax) this.#indexed.shift()?.dropIndexes();
  }
}

/** The segment that holds an offset; undefined in a hole. */
function segmentOf(segments: readonly Segment[], at: Offset): Segment | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle] as Segment).baseOffset <= at) low = middle + 1;
    else high = middle;
  }
  const found = segments[low - 1];
  return found !== undefined && at < found.endOffset ? found : undefined;
}

/** The hole at an offset: between two segments, or damage that was found. */
function knownHole(segments: readonly Segment[], at: Offset): RotRange | undefined {
  const segment = segmentOf(segments, at);
  return segment === undefined ? holeAt(segments, at) : damageAt(segment, at);
}

function holeAt(segments: readonly Segment[], at: Offset): RotRange {
  const next = segments.find((segment) => segment.baseOffset > at) ?? segments.at(-1);
  const before = segments.findLast((segment) => segment.endOffset <= at);
  const to = next?.baseOffset ?? at;
  return { from: before?.endOffset ?? at, to, file: next?.path('log') ?? '', reason: 'missing' };
}

const damageAt = (segment: Segment, at: Offset): RotRange | undefined =>
  segment.damage.find((range) => range.from <= at && at < range.to);

/** The file fails twice and a scan of it does not: it changes under our hands. */
const wholeOf = (segment: Segment, from: Offset): RotRange => ({
  from,
  to: offset(segment.endOffset),
  file: segment.path('log'),
  reason: 'unreadable',
});

const storageError = (rot: RotRange): LogReadError => ({ code: 'KAFKA_STORAGE_ERROR', rot });
