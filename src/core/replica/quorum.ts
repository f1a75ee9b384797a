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
 * @returns the end of the committed log, or undefined while the rule commits nothing of this leader
 * epoch (C2).
 */
export function committedOffset(rule: CommitRule): Offset | undefined {
  const { voters, minInsyncReplicas, epochStartOffset } = rule;
  const majority = nthHighest(voters, Math.floor(voters.length / 2) + 1);
  const data = voters.filter((voter) => !voter.isWitness);
  const copies = nthHighest(data, minInsyncReplicas);
  if (majority === undefined || copies === undefined) return undefined;
  let committed = Math.min(majority, copies);
  if (data.length < voters.length) {
    for (const voter of data) {
      if (voter.isInSync) committed = Math.min(committed, voter.persistedOffset);
    }
  }
  return committed > epochStartOffset ? (committed as Offset) : undefined;
}

/**
 * The highest offset that at least `count` of the voters have reached; undefined if there are fewer
 * voters.
 */
function nthHighest(voters: readonly VoterProgress[], count: number): number | undefined {
  const only = voters[0];
  if (voters.length === 1 && count === 1 && only !== undefined) return only.persistedOffset;
  const sorted = voters.map((voter) => voter.persistedOffset as number).sort((a, b) => b - a);
  return sorted[count - 1];
}
