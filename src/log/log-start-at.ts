import type { Offset } from '../base/brand.ts';
import type { VotersFrom } from '../ports/stored-voters.ts';
import type { LogStart } from './journal-record.ts';
import type { LogEpochs } from './log-epochs.ts';
import type { Segment } from './segment.ts';
import { knownVoters, votersPassed } from './voter-records.ts';

/** What must be known of the batches below an offset once they are gone. */
export const logStartAt = (
  at: Offset,
  log: {
    readonly segments: readonly Segment[];
    readonly logStartOffset: Offset;
    /** As the journal has them. */
    readonly voterSets: readonly VotersFrom[];
    readonly epochs: LogEpochs;
  },
): LogStart => ({
  at,
  epochBefore: log.epochs.before(at),
  voters: votersPassed(knownVoters(log.segments, log.voterSets), log.logStartOffset, at),
});
