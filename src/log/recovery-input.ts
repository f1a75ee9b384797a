import type { Offset, Uuid } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';
import type { RotRange } from '../ports/recovered-log.ts';
import type { StoredVoter, VotersFrom } from '../ports/stored-voters.ts';

/** What the journal and the config say about a log that is to be recovered. */
export interface RecoveryInput {
  readonly disk: Disk;
  readonly dir: string;
  /** Prefix of names in `set-aside/`. */
  readonly setAsideName: string;
  readonly durableMark: Offset | undefined;
  readonly logStartOffset: Offset | undefined;
  readonly indexIntervalBytes: number;
  /** Who votes at the log start, as far as it is known. */
  readonly startVoters: readonly StoredVoter[] | undefined;
  /** The Voters records that the journal knows of, ascending. */
  readonly voterSets: readonly VotersFrom[];
  /** This data directory. */
  readonly directoryId: Uuid;
  /** Makes durable where the log begins, if the journal does not say it yet. */
  readonly keepStart: (at: Offset) => Promise<void>;
  /** The log is cut in front of bytes that fail, to be fetched again. */
  readonly willCut: (lost: RotRange) => void;
}
