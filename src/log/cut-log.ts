import type { Offset } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';
import { readWhole, unlinkIfThere, writeDurably } from './files.ts';
import { basesOf, derivedSuffixes, segmentPath } from './segment-files.ts';
import { scanSegment } from './segment-scan.ts';

/**
 * Cuts a log at an offset, durably: nothing at or above it is left (L3). The journal has the
 * decision already, so a crash at any call in here is mended by doing it again. The lowest segment
 * stays, empty if need be; an empty one takes its place where the cut is in a hole in front of it.
 */
export async function cutLog(disk: Disk, dir: string, to: Offset): Promise<void> {
  const names = await disk.list(dir);
  const found = basesOf(names, 'log');
  const isInFront = found[0] !== undefined && found[0] > to;
  if (isInFront) await cutSegment(disk, dir, to, to);
  const bases = isInFront ? [to, ...found] : found;
  const last = Math.max(0, bases.filter((base) => base < to).length - 1);
  for (const base of bases.slice(last + 1).reverse()) await unlinkSegment(disk, dir, base);
  for (const base of basesOf(names, 'snapshot')) {
    if (base > to) await unlinkIfThere(disk, segmentPath(dir, base, 'snapshot'));
  }
  const base = bases[last];
  if (base !== undefined) await cutSegment(disk, dir, base, to);
  await disk.syncDir(dir);
}

async function cutSegment(disk: Disk, dir: string, base: Offset, to: Offset): Promise<void> {
  const path = segmentPath(dir, base, 'log');
  const bytes = (await readWhole(disk, path)) ?? new Uint8Array(0);
  const position = positionOf(bytes, base, to);
  for (const suffix of derivedSuffixes) await unlinkIfThere(disk, segmentPath(dir, base, suffix));
  // A fresh file, not a shorter one: after a failed fsync the old one may look cut and not be.
  const fresh = segmentPath(dir, base, 'log.recovery');
  await writeDurably(disk, fresh, [bytes.subarray(0, position)]);
  await disk.rename(fresh, path);
}

/**
 * Where the first thing lies that is not below `to`. Damaged bytes below it stay for recovery to
 * judge.
 */
function positionOf(bytes: Uint8Array, base: Offset, to: Offset): number {
  const { batches, bad } = scanSegment(bytes, base);
  const first = batches.find((batch) => batch.lastOffset >= to);
  const torn = bad.find((extent) => extent.from >= to);
  return Math.min(first?.position ?? bytes.length, torn?.position ?? bytes.length);
}

/** Takes away the files of a segment. Its snapshot has rules of its own. */
export async function unlinkSegment(disk: Disk, dir: string, base: Offset): Promise<void> {
  await unlinkIfThere(disk, segmentPath(dir, base, 'log'));
  for (const suffix of derivedSuffixes) await unlinkIfThere(disk, segmentPath(dir, base, suffix));
}

/** Takes away whole segments with their snapshots, durably. */
export async function unlinkSegments(
  disk: Disk,
  dir: string,
  gone: readonly { readonly baseOffset: Offset }[],
): Promise<void> {
  for (const { baseOffset } of gone) {
    await unlinkSegment(disk, dir, baseOffset);
    await unlinkIfThere(disk, segmentPath(dir, baseOffset, 'snapshot'));
  }
  if (gone.length > 0) await disk.syncDir(dir);
}
