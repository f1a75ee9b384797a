import type { Offset } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';

/** What the journal and the config say about a log that is to be recovered. */
export interface RecoveryInput {
  readonly disk: Disk;
  readonly dir: string;
  /** Prefix of names in `set-aside/`. */
  readonly setAsideName: string;
  readonly durableMark: Offset | undefined;
  readonly logStartOffset: Offset | undefined;
  readonly indexIntervalBytes: number;
}
