import { offset, type LeaderEpoch, type Offset } from '../base/brand.ts';
import { concatBytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { EpochStart } from '../ports/recovered-log.ts';
import { isBatchCrcValid, readRecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { batchOfVoters, votersOfBatch } from './partition-voters.ts';
import type { LeaderEpochCache } from './replica/leader-epoch-cache.ts';
import type { VoterHistory, VoterSet } from './replica/voter-set.ts';

/** What a witness is told of a part of its leader's log (V3): no record of it. */
export interface WitnessRange {
  /** Exclusive. */
  readonly end: Offset;
  /** Leader epochs that begin in it, ascending. */
  readonly epochs: readonly EpochStart[];
  /** The Voters control batches in it, ascending. */
  readonly records: Uint8Array;
}

/** A voter set, in force from the append of its record. */
interface SetFrom {
  readonly from: Offset;
  readonly set: VoterSet;
}

/**
 * Leader's side: a part of the log as its witness is told, nothing of it read from the disk. Ends
 * before `to` where more epochs or voter sets begin in it than one answer may hold.
 */
export function witnessRange(
  epochs: LeaderEpochCache,
  voters: VoterHistory,
  { from, to }: { readonly from: Offset; readonly to: Offset },
): WitnessRange {
  const isInside = (at: Offset): boolean => at >= from && at < to;
  const starts = epochs.starts.filter(({ startOffset }) => isInside(startOffset));
  // The first set is no record of this log.
  const sets = voters.sets.slice(1).filter((set) => isInside(set.from));
  const max = limits.witnessStepsMax;
  const end = offset(Math.min(to, starts[max]?.startOffset ?? to, sets[max]?.from ?? to));
  return {
    end,
    epochs: starts.filter(({ startOffset }) => startOffset < end),
    records: concatBytes(
      sets.filter((set) => set.from < end).map((set) => votersBatch(set, epochs)),
    ),
  };
}

/** The witness keeps no timestamp of it. */
function votersBatch({ from, set }: SetFrom, epochs: LeaderEpochCache): Uint8Array {
  const leaderEpoch = epochs.epochAt(from) ?? epochs.epochBefore ?? 0;
  return batchOfVoters(set, { baseOffset: from, leaderEpoch, timestamp: 0 });
}

/** Where a witness stands that is told of a range. */
export interface WitnessPlace {
  readonly logEndOffset: Offset;
  readonly lastEpoch: LeaderEpoch;
  /** Of the leader that it came from. */
  readonly leaderEpoch: LeaderEpoch;
}

/**
 * Witness's side: the range continues its log, with epochs that rise and are not above the
 * leader's.
 * @returns all epochs of it, that of its first offset too, and the voter sets; undefined: it does
 * not fit, and nothing of it counts.
 */
export function readWitnessRange(
  { end, epochs, records }: WitnessRange,
  { logEndOffset, lastEpoch, leaderEpoch }: WitnessPlace,
): { readonly epochs: readonly EpochStart[]; readonly sets: readonly SetFrom[] } | undefined {
  if (end <= logEndOffset) return undefined;
  const goesOn = epochs[0]?.startOffset !== logEndOffset;
  if (goesOn && lastEpoch === 0) return undefined;
  const all = goesOn ? [{ leaderEpoch: lastEpoch, startOffset: logEndOffset }, ...epochs] : epochs;
  if ((all[0]?.leaderEpoch ?? 0) < lastEpoch || !rises(all)) return undefined;
  const last = all.at(-1);
  if (last === undefined || last.startOffset >= end || last.leaderEpoch > leaderEpoch) {
    return undefined;
  }
  const sets = readSets(records, { from: logEndOffset, to: end });
  return sets && { epochs: all, sets };
}

const rises = (epochs: readonly EpochStart[]): boolean =>
  epochs.every((start, i) => {
    const before = epochs[i - 1];
    if (before === undefined) return true;
    return start.leaderEpoch > before.leaderEpoch && start.startOffset > before.startOffset;
  });

function readSets(
  records: Uint8Array,
  { from, to }: { readonly from: Offset; readonly to: Offset },
): readonly SetFrom[] | undefined {
  const sets: SetFrom[] = [];
  let next: number = from;
  for (let at = 0; at < records.length;) {
    const read = readRecordBatchHeader(records, at);
    if (!read.ok) return undefined;
    const { baseOffset, lastOffset, totalBytes } = read.value;
    const isInside = baseOffset >= next && lastOffset < to;
    if (!isInside || !isBatchCrcValid(records, read.value)) return undefined;
    const set = votersOfBatch(records.subarray(at, at + totalBytes), read.value);
    if (set === undefined) return undefined;
    sets.push({ from: baseOffset, set });
    next = lastOffset + 1;
    at += totalBytes;
  }
  return sets;
}
