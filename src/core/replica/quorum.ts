import type { Offset } from '../../base/brand.ts';

/**
 * What the leader knows of one voter. `persistedOffset`: all below it is fsynced there (exclusive
 * end).
 */
export interface VoterProgress {
  readonly persistedOffset: Offset;
  readonly isWitness: boolean;
  /** Only meaningful for data voters; the leader itself always counts as in sync. */
  readonly isInSync: boolean;
}

export interface CommitRule {
  readonly voters: readonly VoterProgress[];
  readonly minInsyncReplicas: number;
  /**
   * First offset of the leader's own epoch: nothing is committed by counting before it is (C2, Raft
   * figure 8).
   */
  readonly epochStartOffset: Offset;
}

/**
 * The commit rule C3, for any number of voters: fsynced by a majority of voters, by
 * `minInsyncReplicas` data voters and, where a voter is a witness, by every data voter in sync.
 * Allocates nothing: it runs for each batch.
 * @returns the end of the committed log, or undefined while the rule commits nothing of this leader
 * epoch (C2).
 */
export function committedOffset(rule: CommitRule): Offset | undefined {
  const { voters, minInsyncReplicas, epochStartOffset } = rule;
  const majority = Math.floor(voters.length / 2) + 1;
  const reached = nthHighest(voters, majority, true);
  const copied = nthHighest(voters, minInsyncReplicas, false);
  if (reached === undefined || copied === undefined) return undefined;
  const committed = Math.min(reached, copied, inSyncEnd(voters));
  return committed > epochStartOffset ? (committed as Offset) : undefined;
}

/** What every data voter in sync has fsynced; no bound where no voter is a witness. */
function inSyncEnd(voters: readonly VoterProgress[]): number {
  let hasWitness = false;
  let end = Number.POSITIVE_INFINITY;
  for (const { isWitness, isInSync, persistedOffset } of voters) {
    if (isWitness) hasWitness = true;
    else if (isInSync && persistedOffset < end) end = persistedOffset;
  }
  return hasWitness ? end : Number.POSITIVE_INFINITY;
}

/**
 * The highest offset that at least `count` of the voters have reached; undefined if there are fewer
 * of them. Voters are few: counting is quicker than sorting.
 */
function nthHighest(
  voters: readonly VoterProgress[],
  count: number,
  withWitnesses: boolean,
): number | undefined {
  let highest: number | undefined;
  for (const { persistedOffset, isWitness } of voters) {
    if (isWitness && !withWitnesses) continue;
    if (highest !== undefined && persistedOffset <= highest) continue;
    let reached = 0;
    for (const other of voters) {
      if (other.isWitness && !withWitnesses) continue;
      if (other.persistedOffset >= persistedOffset) reached++;
    }
    if (reached >= count) highest = persistedOffset;
  }
  return highest;
}
