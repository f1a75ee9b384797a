import { leaderEpoch, type LeaderEpoch, type Offset } from '../base/brand.ts';
import { isBatchCrcValid, readRecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';

/** Where a log stands to which fetched batches are to be appended. */
export interface LogEnd {
  readonly logEndOffset: Offset;
  readonly lastEpoch: LeaderEpoch;
  /** Of the leader that they came from. */
  readonly leaderEpoch: LeaderEpoch;
}

export interface FetchedBatch {
  readonly batch: Uint8Array;
  readonly header: RecordBatchHeader;
}

/**
 * The batches of a leader's answer that continue a log: whole, with a CRC that fits, each where the
 * one before ends, epochs that rise and are not above the leader's. What does not fit ends it. So
 * does a hole in the leader's log, which it has from the time when it was alone: whoever took what
 * lies behind it would have a hole of its own that nobody can fill, and no vote for good.
 * @returns them, and whether all bytes were taken; a cut last batch is usual and no fault.
 */
export function fetchedBatches(
  records: Uint8Array,
  end: LogEnd,
): { readonly batches: readonly FetchedBatch[]; readonly isSound: boolean } {
  const batches: FetchedBatch[] = [];
  let [next, epoch] = [end.logEndOffset as number, end.lastEpoch as number];
  for (let at = 0; at < records.length;) {
    const read = readRecordBatchHeader(records, at);
    if (!read.ok) return { batches, isSound: read.error === 'truncated' && batches.length > 0 };
    const header = read.value;
    const isNext = header.baseOffset === next && header.leaderEpoch >= epoch;
    if (!isNext || header.leaderEpoch > end.leaderEpoch || !isBatchCrcValid(records, header)) {
      return { batches, isSound: false };
    }
    batches.push({ batch: records.subarray(at, at + header.totalBytes), header });
    next = header.lastOffset + 1;
    epoch = leaderEpoch(header.leaderEpoch);
    at += header.totalBytes;
  }
  return { batches, isSound: true };
}
