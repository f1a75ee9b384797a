import type { LeaderEpoch, MonotonicMs, Uuid } from '../../base/brand.ts';
import { leaderEpoch } from '../../base/brand.ts';

/** A vote as the journal has it. */
export interface StoredVote {
  readonly leaderEpoch: LeaderEpoch;
  readonly votedFor: Uuid;
}

/** What waits for a vote to be durable. */
interface VotePromise {
  readonly keep: (now: MonotonicMs) => void;
  /** Its epoch ended before. */
  readonly lapse: (() => void) | undefined;
}

/**
 * The leader epoch that a replica is in, and its one vote in it. Nothing is promised before the
 * vote is durable (L2); none is left in an epoch that was found on the disk at start (C1).
 */
export class Ballot {
  readonly #startEpoch: LeaderEpoch;
  #leaderEpoch: LeaderEpoch;
  #votedFor: Uuid | undefined;
  #isDurable = true;
  #waiting: VotePromise[] = [];

  /** @param lastEpoch of the last batch: where the log is ahead no vote is left in that epoch. */
  constructor(stored: StoredVote | undefined, lastEpoch: LeaderEpoch) {
    this.#leaderEpoch = leaderEpoch(Math.max(stored?.leaderEpoch ?? 0, lastEpoch));
    this.#startEpoch = this.#leaderEpoch;
    if (stored?.leaderEpoch === this.#leaderEpoch) this.#votedFor = stored.votedFor;
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#leaderEpoch;
  }

  /** It began after this start, so this replica may lead in it (C1). */
  get isNewEpoch(): boolean {
    return this.#leaderEpoch > this.#startEpoch;
  }

  get hasVoted(): boolean {
    return this.#votedFor !== undefined;
  }

  /** Votes given in an older epoch are void, promises of them lapse. */
  enter(epoch: LeaderEpoch): void {
    if (epoch <= this.#leaderEpoch) return;
    this.#leaderEpoch = epoch;
    this.#votedFor = undefined;
    this.#isDurable = true;
    this.withdraw();
  }

  /** Promises that wait lapse: of an epoch that is over, or of a log that is about to go. */
  withdraw(): void {
    const lapsed = this.#waiting;
    this.#waiting = [];
    for (const { lapse } of lapsed) lapse?.();
  }

  isFor(directoryId: Uuid): boolean {
    return this.#votedFor === directoryId;
  }

  /** The vote must be persisted next. */
  vote(directoryId: Uuid): void {
    this.#votedFor = directoryId;
    this.#isDurable = false;
  }

  /** Calls back once the vote is durable, or its epoch has ended before. */
  whenDurable(now: MonotonicMs, promise: (now: MonotonicMs) => void, lapse?: () => void): void {
    if (this.#isDurable) promise(now);
    else this.#waiting.push({ keep: promise, lapse });
  }

  /** A vote of an older epoch keeps no promise any more. */
  persisted(vote: StoredVote, now: MonotonicMs): void {
    if (vote.leaderEpoch !== this.#leaderEpoch || vote.votedFor !== this.#votedFor) return;
    this.#isDurable = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { keep } of waiting) keep(now);
  }
}
