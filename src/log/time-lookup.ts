import { offset, timestampMs } from '../base/brand.ts';
import type { LeaderEpoch, Offset, TimestampMs } from '../base/brand.ts';
import { fail, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { iterateRecords } from '../wire/kafka/record-iterator.ts';
import type { Decompression } from '../wire/kafka/record-iterator.ts';
import { scanBatches } from '../wire/kafka/batch-scan.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import type { LogReadError } from './log-read-error.ts';
import type { Segment } from './segment.ts';
import type { ReadRange } from './tail-cache.ts';

const readBytes = 256 * 1024;
/** ListOffsets: the record with the newest timestamp (KIP-734). */
const newestTimestamp = -3;

export interface FoundOffset {
  readonly offset: Offset;
  readonly timestamp: TimestampMs;
  readonly leaderEpoch: LeaderEpoch;
}

/** What the search needs of a log. `read` checks what it returns. */
export interface TimeSearch {
  readonly segments: readonly Segment[];
  /** As it is now: it may move while the search goes on. */
  logStartOffset(): Offset;
  readonly decompression: Decompression | undefined;
  read(range: ReadRange): Promise<Result<Uint8Array, LogReadError>>;
  loadIndexes(segment: Segment): Promise<void>;
}

type Found<T> = Result<T | undefined, LogReadError>;

/**
 * The first record at or after `timestamp` below `to`; -3: the first with the newest timestamp.
 * Control batches do not count. Of a batch that this process cannot decompress the base offset is
 * given, which is never too late. Offsets that are rotten are passed over.
 */
export async function findByTime(
  log: TimeSearch,
  timestamp: TimestampMs,
  to: Offset,
): Promise<Found<FoundOffset>> {
  if (timestamp !== newestTimestamp) return findFrom(log, timestamp, to);
  const newest = await newestBelow(log, to);
  if (!newest.ok) return newest;
  return newest.value === undefined ? ok(undefined) : findFrom(log, newest.value, to);
}

async function findFrom(
  log: TimeSearch,
  timestamp: TimestampMs,
  to: Offset,
): Promise<Found<FoundOffset>> {
  for (const segment of log.segments) {
    if (segment.baseOffset >= to) break;
    if (segment.maxTimestamp < timestamp) continue;
    let found: FoundOffset | undefined;
    const from = await hintIn(log, segment, timestamp);
    const walked = await walk(log, segment, { from, to }, (batch, bytes) => {
      if (batch.maxTimestamp >= timestamp) found = recordIn(log, batch, bytes, timestamp);
      return found === undefined;
    });
    if (!walked.ok) return walked;
    if (found !== undefined) return ok(found);
  }
  return ok(undefined);
}

/** The newest timestamp below `to`; segments that lie there whole are not read. */
async function newestBelow(log: TimeSearch, to: Offset): Promise<Found<TimestampMs>> {
  let newest = timestampMs(-1);
  for (const segment of log.segments) {
    if (segment.baseOffset >= to || segment.maxTimestamp <= newest) continue;
    if (segment.baseOffset >= log.logStartOffset() && segment.endOffset <= to) {
      newest = segment.maxTimestamp;
      continue;
    }
    const walked = await walk(log, segment, { from: segment.baseOffset, to }, (batch) => {
      if (batch.maxTimestamp > newest) newest = batch.maxTimestamp;
      return true;
    });
    if (!walked.ok) return walked;
  }
  return ok(newest < 0 ? undefined : newest);
}

/**
 * Where to begin: behind the last entry of the time index below the timestamp, if the log says the
 * same (L5).
 */
async function hintIn(log: TimeSearch, segment: Segment, timestamp: TimestampMs): Promise<Offset> {
  await log.loadIndexes(segment);
  const index = segment.timeIndex;
  const entry = index?.lastBelow(timestamp) ?? -1;
  if (index === undefined || entry < 0) return segment.baseOffset;
  const last = offset(segment.baseOffset + index.relativeOffset(entry));
  if (last < log.logStartOffset()) return segment.baseOffset;
  const read = await log.read({ from: last, to: offset(last + 1), bytesMax: 1 });
  const batch = read.ok ? scanBatches(read.value).headers[0] : undefined;
  const isTrue = batch?.lastOffset === last && batch.maxTimestamp === index.timestamp(entry);
  return isTrue ? offset(last + 1) : segment.baseOffset;
}

/** Shows every record batch of a segment below `to` to `see`, until that returns false. */
async function walk(
  log: TimeSearch,
  segment: Segment,
  range: { readonly from: Offset; readonly to: Offset },
  see: (batch: RecordBatchHeader, bytes: Uint8Array) => boolean,
): Promise<Result<undefined, LogReadError>> {
  let from = Math.max(range.from, log.logStartOffset());
  const to = Math.min(range.to, segment.endOffset);
  while (from < to) {
    const read = await log.read({ from: offset(from), to: offset(to), bytesMax: readBytes });
    if (!read.ok) {
      // Below a log start that has moved up there is nothing to be found any more.
      const next =
        read.error.code === 'KAFKA_STORAGE_ERROR'
          ? Math.max(from + 1, read.error.rot.to)
          : log.logStartOffset();
      if (next <= from) return fail(read.error);
      from = next;
      continue;
    }
    const { headers } = scanBatches(read.value);
    for (const header of headers) {
      if (!header.isControl && !see(header, read.value)) return ok(undefined);
    }
    const last = headers.at(-1);
    if (last === undefined) break;
    from = last.lastOffset + 1;
  }
  return ok(undefined);
}

function recordIn(
  log: TimeSearch,
  batch: RecordBatchHeader,
  bytes: Uint8Array,
  timestamp: TimestampMs,
): FoundOffset | undefined {
  const { baseOffset, leaderEpoch, maxTimestamp } = batch;
  const records = iterateRecords(bytes, batch, log.decompression);
  if (!records.ok) return { offset: baseOffset, timestamp: maxTimestamp, leaderEpoch };
  while (records.value.next()) {
    const record = records.value;
    if (record.timestamp >= timestamp) {
      const found = { offset: offset(record.offset), timestamp: timestampMs(record.timestamp) };
      return { ...found, leaderEpoch };
    }
  }
  return undefined;
}
