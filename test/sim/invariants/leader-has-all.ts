import type { SimLog } from '../sim-log.ts';
import { show, type CommittedLog } from './committed-log.ts';
import { InvariantBroken } from './invariant-broken.ts';

/**
 * Who is elected has everything that was committed in older leader epochs (Raft's leader
 * completeness).
 */
export class LeaderHasAll {
  readonly #committed: CommittedLog;

  constructor(committed: CommittedLog) {
    this.#committed = committed;
  }

  led(leaderEpoch: number, nodeId: number, log: SimLog): void {
    const end = this.#committed.ends.before(leaderEpoch);
    if (end === 0 || this.#committed.isIn(log, end)) return;
    const last = end - 1;
    throw new InvariantBroken(
      'leader-has-all',
      `node ${nodeId} leads epoch ${leaderEpoch} with ${show(log.at(last))} at ${last}, ` +
        `where ${show(this.#committed.at(last))} is committed`,
    );
  }
}
