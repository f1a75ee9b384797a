import type { Result } from '../../base/result.ts';
import type { CentralPlaces } from './central-topics.ts';
import type { Procedure } from './procedure.ts';
import type { PlainRecord } from './producer.ts';
import type { Outgoing } from './rebuild.ts';
import type { Trouble } from './trouble.ts';

/** What belongs together: records, and the cursor (behind its gaps) that says they are there. */
export interface Work {
  readonly places: CentralPlaces;
  readonly batches: readonly Outgoing[];
  /** Gaps first, the cursor last. */
  readonly cursorRecords: readonly PlainRecord[];
}

/**
 * How records and cursor get to central. After any trouble it must be opened again before the next
 * commit.
 */
export interface Delivery {
  /** InitProducerId: from here on no earlier instance of ours can commit anything (exactlyOnce). */
  open(): Procedure<Result<void, Trouble>>;
  /** Nothing, or why it is unknown or refused. */
  commit(work: Work): Procedure<Trouble | undefined>;
}
