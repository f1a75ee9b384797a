import { join } from 'node:path';
import { PowerCut } from '../integration/harness/power-cut.ts';

/** What each fdatasync takes at least, starts included. */
export const slowSyncMs = 15;

/**
 * The environment of a node whose fdatasync takes longer than on an SD card. A fast disk would hide
 * an acknowledgement that came before its flush: the two are less than a millisecond apart there.
 * And what is written meanwhile gives the disk more to reorder between two flushes.
 */
export const slowSyncs = (folder: string): Readonly<Record<string, string>> => ({
  ...new PowerCut(folder, join(folder, 'synced.txt')).env,
  SHORELOG_TEST_SYNC_MS: `${slowSyncMs}`,
});
