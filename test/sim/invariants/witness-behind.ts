import type { SimLog } from '../sim-log.ts';
import { InvariantBroken } from './invariant-broken.ts';

/**
 * V3: while a leader counts a data voter as in sync, a witness has nothing of that epoch that this
 * voter's disk lacks: the loss of the leader leaves a majority that can elect.
 */
export class WitnessBehind {
  compare(
    leaderEpoch: number,
    witness: SimLog,
    inSync: readonly { readonly nodeId: number; readonly log: SimLog }[],
  ): void {
    if (witness.lastEpoch !== leaderEpoch) return;
    for (const { nodeId, log } of inSync) {
      if (log.persistedOffset >= witness.logEndOffset) continue;
      throw new InvariantBroken(
        'witness-behind',
        `the witness has ${witness.logEndOffset}, node ${nodeId}, in sync, ${log.persistedOffset}`,
      );
    }
  }
}
