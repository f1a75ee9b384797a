import type { Offset } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';
import { unlinkSegment } from './cut-log.ts';
import { unlinkIfThere } from './files.ts';
import { createSegment } from './recovery.ts';
import { basesOf, segmentPath } from './segment-files.ts';

/**
 * Takes away all that a log holds and leaves one empty segment at an offset, durably. The journal
 * has the decision already, so a crash at any call in here is mended by doing it again. A segment
 * of that very name goes first, so that none of its bytes can come back under it.
 */
export async function beginAnew(disk: Disk, dir: string, at: Offset): Promise<void> {
  const names = await disk.list(dir);
  for (const base of basesOf(names, 'log').reverse()) await unlinkSegment(disk, dir, base);
  for (const suffix of ['snapshot', 'log.recovery'] as const) {
    for (const base of basesOf(names, suffix)) {
      await unlinkIfThere(disk, segmentPath(dir, base, suffix));
    }
  }
  await createSegment(disk, dir, at);
}
