import type { StoredVote } from '../../../src/core/replica/ballot.ts';
import { InvariantBroken } from './invariant-broken.ts';

/** Each disk has one vote in an epoch, and it is durable before it is told (L2). */
export class OneVote {
  /** By disk and leader epoch. */
  readonly #votes = new Map<string, string>();

  /** A vote is told. */
  told(disk: string, leaderEpoch: number, candidate: string, onDisk: StoredVote | undefined): void {
    const key = `${disk} ${leaderEpoch}`;
    const other = this.#votes.get(key);
    if (other !== undefined && other !== candidate) {
      throw new InvariantBroken('one-vote', `disk ${disk} votes twice in epoch ${leaderEpoch}`);
    }
    this.#votes.set(key, candidate);
    if (onDisk?.leaderEpoch === leaderEpoch && onDisk.votedFor === candidate) return;
    throw new InvariantBroken(
      'one-vote',
      `disk ${disk} tells a vote of ${leaderEpoch} that it lacks`,
    );
  }
}
