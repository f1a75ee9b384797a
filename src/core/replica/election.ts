import type { LeaderEpoch, MonotonicMs } from '../../base/brand.ts';
import { isSameReplica, type ReplicaId, type VoterSet } from './voter-set.ts';

/**
 * One round of a campaign: who was asked, who said yes. A pre-vote binds nobody (KIP-996); a vote
 * is for one leader epoch.
 */
export class Election {
  readonly leaderEpoch: LeaderEpoch;
  readonly isPreVote: boolean;
  readonly startedAtMs: MonotonicMs;
  readonly voters: VoterSet;
  readonly #granted: ReplicaId[] = [];
  readonly #refused: ReplicaId[] = [];

  constructor(
    voters: VoterSet,
    round: {
      readonly leaderEpoch: LeaderEpoch;
      readonly isPreVote: boolean;
      readonly now: MonotonicMs;
    },
  ) {
    this.voters = voters;
    this.leaderEpoch = round.leaderEpoch;
    this.isPreVote = round.isPreVote;
    this.startedAtMs = round.now;
  }

  get isWon(): boolean {
    return this.#granted.length >= this.voters.majority;
  }

  /** So many said no that it cannot be won any more. */
  get isLost(): boolean {
    return this.voters.voters.length - this.#refused.length < this.voters.majority;
  }

  get granted(): readonly ReplicaId[] {
    return this.#granted;
  }

  answered(voter: ReplicaId, isGranted: boolean): void {
    if (this.voters.find(voter) === undefined) return;
    const list = isGranted ? this.#granted : this.#refused;
    if (!list.some((each) => isSameReplica(each, voter))) list.push(voter);
  }
}
