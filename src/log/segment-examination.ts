import { offset } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';
import type { RotRange } from '../ports/recovered-log.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { epochAt } from './epoch-starts.ts';
import { readWhole, unlinkIfThere } from './files.ts';
import { OffsetIndex } from './offset-index.ts';
import { epochExtent, scanSegment } from './segment-scan.ts';
import type { SegmentScan } from './segment-scan.ts';
import type { Segment } from './segment.ts';

/**
 * Reads all of a segment after a read of it failed, and tells rot in the log from rot in its index.
 * Afterwards
 * `segment.dense` leads to every good batch and `segment.damage` names the offsets that cannot be
 * served; with damage the sidecar goes, so that the next start reads the segment and sets the bytes
 * aside. Returns the damage that was not known before.
 */
export async function examineSegment(disk: Disk, segment: Segment): Promise<readonly RotRange[]> {
  // Taken before anything is awaited: what is appended from here on may be half written.
  const { bytes: size, endOffset } = segment;
  const whole = await readWhole(disk, segment.path('log'));
  if (whole === undefined) return [];
  const known = segment.damage;
  const bytes = whole.subarray(0, size);
  // Its end is known for these bytes; a file that is shorter lost it.
  const end = bytes.length === size ? endOffset : undefined;
  const scan = inOwnEpochs(segment, scanSegment(bytes, segment.baseOffset, { end }));
  const dense = new OffsetIndex();
  for (const batch of scan.batches) {
    dense.append(batch.lastOffset - segment.baseOffset, batch.position);
  }
  segment.dense = dense;
  segment.damage = damageOf(segment, scan, endOffset);
  segment.isExamined = true;
  if (segment.damage.length > 0) await unlinkIfThere(disk, segment.path('digest'));
  return segment.damage.filter(({ from }) => !known.some((one) => one.from === from));
}

/**
 * Without the batches whose leader epoch is another than the segment was written, or recovered,
 * with: the batch's own CRC does not cover it.
 */
function inOwnEpochs(segment: Segment, scan: SegmentScan): SegmentScan {
  const { epochStarts } = segment;
  const isTrue = (batch: RecordBatchHeader): boolean =>
    epochAt(epochStarts, batch.baseOffset) === batch.leaderEpoch;
  const wrong = scan.batches.filter((batch) => !isTrue(batch)).map(epochExtent);
  if (wrong.length === 0) return scan;
  const bad = [...scan.bad, ...wrong].sort((a, b) => a.position - b.position);
  return { batches: scan.batches.filter(isTrue), bad };
}

function damageOf(segment: Segment, scan: SegmentScan, end: number): RotRange[] {
  const file = segment.path('log');
  const damage = scan.bad.map(({ from, to, reason }): RotRange => ({
    from,
    to: to ?? offset(end),
    file,
    reason,
  }));
  const seen = Math.max(scan.batches.at(-1)?.lastOffset ?? segment.baseOffset - 1, -1) + 1;
  // Bad bytes at the very end account for the offsets up to it; otherwise the file is just too
  // short.
  const isExplained = scan.bad.length > 0 && scan.bad.at(-1)?.to === undefined;
  if (seen < end && !isExplained) {
    damage.push({ from: offset(seen), to: offset(end), file, reason: 'missing' });
  }
  return damage;
}
