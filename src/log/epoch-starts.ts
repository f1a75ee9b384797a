import { leaderEpoch } from '../base/brand.ts';
import type { LeaderEpoch, Offset } from '../base/brand.ts';
import type { EpochStart } from '../ports/recovered-log.ts';

/** Appends an epoch if it is newer than the last one; an older one says nothing new. */
export function addEpoch(starts: EpochStart[], epoch: LeaderEpoch, startOffset: Offset): boolean {
  const last = starts.at(-1);
  if (last !== undefined && epoch <= last.leaderEpoch) return false;
  starts.push({ leaderEpoch: epoch, startOffset });
  return true;
}

/** The leader epoch that holds at an offset; -1 before the first. */
export function epochAt(starts: readonly EpochStart[], at: Offset): LeaderEpoch {
  for (let index = starts.length - 1; index >= 0; index--) {
    const start = starts[index] as EpochStart;
    if (start.startOffset <= at) return start.leaderEpoch;
  }
  return leaderEpoch(-1);
}

/**
 * What is left of the list when the log begins at `logStart`: the epoch that holds there begins
 * there.
 */
export function trimEpochs(starts: readonly EpochStart[], logStart: Offset): EpochStart[] {
  const kept = starts.filter((start) => start.startOffset > logStart);
  const holding = epochAt(starts, logStart);
  return holding < 0 ? kept : [{ leaderEpoch: holding, startOffset: logStart }, ...kept];
}
