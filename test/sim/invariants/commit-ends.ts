/**
 * How far leaders committed, by leader epoch. The answers to a candidate may come late, when a
 * leader of a newer epoch has committed already: of such an election only what leaders of older
 * epochs committed can be asked for, and it must all be there (Raft's leader completeness).
 */
export class CommitEnds {
  readonly #ends = new Map<number, number>();

  /** A leader committed all below `end`. */
  committed(leaderEpoch: number, end: number): void {
    this.#ends.set(leaderEpoch, Math.max(end, this.#ends.get(leaderEpoch) ?? 0));
  }

  /** Below it all was committed in older leader epochs than that. */
  before(leaderEpoch: number): number {
    let most = 0;
    for (const [ended, end] of this.#ends) if (ended < leaderEpoch) most = Math.max(most, end);
    return most;
  }
}
