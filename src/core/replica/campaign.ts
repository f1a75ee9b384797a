import type { LeaderEpoch, MonotonicMs } from '../../base/brand.ts';
import { leaderEpoch } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { Ballot } from './ballot.ts';
import { Election } from './election.ts';
import type { VoteAnswer } from './peer-call.ts';
import type { ReplicaOptions } from './replica-options.ts';
import { isSameReplica, VoterSet, type ReplicaId } from './voter-set.ts';

/**
 * A replica's way to lead: a pre-vote that binds nobody, then a vote in the next leader epoch, its
 * own made durable first (L2).
 */
export class Campaign {
  readonly #options: ReplicaOptions;
  readonly #ballot: Ballot;
  readonly #won: (election: Election, now: MonotonicMs) => void;
  #election: Election | undefined;
  /** It waits for this replica's own vote alone, however long the disk takes (V5). */
  #forced: Election | undefined;

  constructor(
    options: ReplicaOptions,
    ballot: Ballot,
    won: (election: Election, now: MonotonicMs) => void,
  ) {
    this.#options = options;
    this.#ballot = ballot;
    this.#won = won;
  }

  get isRunning(): boolean {
    return this.#election !== undefined;
  }

  get isPreVote(): boolean {
    return this.#election?.isPreVote === true;
  }

  stop(): void {
    this.#election = undefined;
  }

  preVote(now: MonotonicMs): void {
    if (this.#election !== undefined && this.#election === this.#forced) return;
    const election = this.#newElection(this.#options.voters.current, true, now);
    this.#ask(election);
    this.#count(election, this.#options.self, true, now);
  }

  /** In the next epoch: one found on the disk is never led in (C1). */
  vote(now: MonotonicMs): void {
    this.#ballot.enter(leaderEpoch(this.#ballot.leaderEpoch + 1));
    this.#vote(this.#newElection(this.#options.voters.current, false, now), now);
  }

  /** An operator's word counts for the votes of those that are given up (V5). */
  force(now: MonotonicMs, epochMin: LeaderEpoch): void {
    const { nodeId, directoryId } = this.#options.self;
    const epoch = Math.max(this.#ballot.leaderEpoch + limits.promotedEpochs, epochMin);
    this.#ballot.enter(leaderEpoch(epoch));
    const alone = new VoterSet([{ nodeId, directoryId, role: 'data' }]);
    this.#forced = this.#newElection(alone, false, now);
    this.#vote(this.#forced, now);
  }

  #vote(election: Election, now: MonotonicMs): void {
    this.voteFor(this.#options.self);
    this.#ballot.whenDurable(now, (durableAt) => {
      this.#ask(election);
      this.#count(election, this.#options.self, true, durableAt);
    });
  }

  voteFor(candidate: ReplicaId): void {
    this.#ballot.vote(candidate.directoryId);
    this.#options.port.persistVote(this.#ballot.leaderEpoch, candidate);
  }

  /**
   * Counts it if it is an answer of the present round.
   * @returns 'refused' if it was a vote, not a pre-vote: it is split, perhaps with a voter that
   * will never answer, so nobody need wait for a whole timeout to try again.
   */
  answered(answer: VoteAnswer, now: MonotonicMs): 'refused' | undefined {
    const election = this.#election;
    if (election === undefined || election.isPreVote !== answer.isPreVote) return undefined;
    if (election.leaderEpoch !== answer.askedEpoch) return undefined;
    this.#count(election, answer.voter, answer.isGranted, now);
    return answer.isGranted || answer.isPreVote ? undefined : 'refused';
  }

  #newElection(voters: VoterSet, isPreVote: boolean, now: MonotonicMs): Election {
    const round = { leaderEpoch: this.#ballot.leaderEpoch, isPreVote, now };
    const election = new Election(voters, round);
    this.#election = election;
    return election;
  }

  #ask({ leaderEpoch: epoch, isPreVote, voters }: Election): void {
    const { self: candidate, log, port } = this.#options;
    const { lastEpoch, logEndOffset } = log;
    for (const voter of voters.voters) {
      if (isSameReplica(voter, candidate)) continue;
      const request = { candidate, voter, leaderEpoch: epoch, lastEpoch, logEndOffset, isPreVote };
      port.askVote(voter.nodeId, request);
    }
  }

  #count(election: Election, voter: ReplicaId, isGranted: boolean, now: MonotonicMs): void {
    if (election !== this.#election) return;
    election.answered(voter, isGranted);
    if (election.isWon) this.#won(election, now);
    else if (election.isLost) this.stop();
  }
}
