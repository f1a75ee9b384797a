import type { VoterSet } from '../../../src/core/replica/voter-set.ts';
import { InvariantBroken } from './invariant-broken.ts';

/** What is true as a leader changes its voters. */
export interface ChangeOfVoters {
  /** An operator gave the others up (V5). */
  readonly forced: boolean;
  /** The last change is committed. */
  readonly committed: boolean;
  /** LeaderChange is committed. */
  readonly epochCommitted: boolean;
}

/** V1: one voter at a time, the set before committed, and something of this epoch too. */
export class VoterSteps {
  changed(before: VoterSet, next: VoterSet, is: ChangeOfVoters): void {
    if (is.forced) return;
    if (!before.isOneStepTo(next)) fail('voters change by more than one at a time');
    if (!is.committed) fail('voters change before the last change is committed');
    if (!is.epochCommitted) fail('voters change before LeaderChange is committed');
  }
}

function fail(text: string): never {
  throw new InvariantBroken('voter-steps', text);
}
