import type { LeaderEpoch, Offset } from '../base/brand.ts';
import type { EpochStart } from './recovered-log.ts';
import type { VotersFrom } from './stored-voters.ts';

/** All that a witness keeps of one partition (V3): places and leader epochs, no records. */
export interface WitnessState {
  readonly logStartOffset: Offset;
  readonly endOffset: Offset;
  readonly epochStarts: readonly EpochStart[];
  /** Ascending; the first set is in force at the log start. */
  readonly voters: readonly VotersFrom[];
  /** Leader epoch of the last batch below the log start; 0: none. */
  readonly epochBeforeStart: LeaderEpoch;
}
