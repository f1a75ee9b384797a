import type { SimLog } from '../sim-log.ts';
import { show, type CommittedLog } from './committed-log.ts';
import { InvariantBroken } from './invariant-broken.ts';

/** Who is elected has everything that was ever committed (Raft's leader completeness). */
export class LeaderHasAll {
  readonly #committed: CommittedLog;

  constructor(committed: CommittedLog) {
    this.#committed = committed;
  }

  led(epoch: number, nodeId: number, log: SimLog): void {
    if (this.#committed.isIn(log)) return;
    const last = this.#committed.end - 1;
    throw new InvariantBroken(
      'leader-has-all',
      `node ${nodeId} leads epoch ${epoch} with ${show(log.at(last))} at ${last}, ` +
        `where ${show(this.#committed.at(last))} is committed`,
    );
  }
}
