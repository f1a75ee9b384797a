import type { Offset } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';
import { unlinkIfThere, writeDerived } from './files.ts';
import { basesOf, segmentPath } from './segment-files.ts';

/** Snapshots of this many newest segments are kept: a truncation seldom goes further back. */
export const segmentsWithSnapshot = 3;

/** Writes the producers as of an offset, and lets go of the snapshots below `oldest`. */
export async function writeProducerSnapshot(
  { disk, dir }: { readonly disk: Disk; readonly dir: string },
  snapshot: { readonly at: Offset; readonly bytes: Uint8Array; readonly oldest: number },
): Promise<void> {
  await writeDerived(disk, segmentPath(dir, snapshot.at, 'snapshot'), snapshot.bytes);
  for (const at of basesOf(await disk.list(dir), 'snapshot')) {
    if (at < snapshot.oldest) await unlinkIfThere(disk, segmentPath(dir, at, 'snapshot'));
  }
}
