import { offset } from '../base/brand.ts';
import type { Offset } from '../base/brand.ts';
import type { DiskFile } from '../ports/disk.ts';
import type { RotRange } from '../ports/recovered-log.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { writeDurably } from './files.ts';
import type { RecoveryInput } from './recovery-input.ts';
import { segmentPath } from './segment-files.ts';
import type { SegmentCase } from './segment-case.ts';
import { inFrontOfDoubt } from './segment-doubt.ts';
import { scanSegment } from './segment-scan.ts';
import type { BadExtent } from './segment-scan.ts';
import { Segment } from './segment.ts';
import { setBytesAside } from './set-aside.ts';

/** A file that is left of it, with its batches; positions as they were in the old file. */
export interface RepairedPart {
  readonly segment: Segment;
  readonly batches: readonly RecordBatchHeader[];
}

export interface RepairedSegment {
  /**
   * Ascending, without gaps inside a part; empty only for a sealed segment of which nothing is
   * left.
   */
  readonly parts: readonly RepairedPart[];
  readonly rot: readonly RotRange[];
}

/** Batches that lie one behind the other and are handled alike. */
type Run = RecordBatchHeader[];

/**
 * Makes of a segment's bytes what may stay and makes it durable. The first run stays in its file if
 * its bytes are known to be on the disk: in a sealed segment, or below the durable end. Every other
 * run is written to a file of its own, since what the page cache shows proves nothing (L7); bytes
 * that fail are set aside (L6). A hole so always lies between two files. Order: copies first, then
 * the new files from the last to the first, then the cut; a run is never without a file that holds
 * it, and of two files that overlap the older is cut at the newer's base.
 */
export async function repairSegment(
  input: RecoveryInput,
  found: SegmentCase,
): Promise<RepairedSegment> {
  const { base, next, bytes } = found;
  const durableEnd = next ?? (Math.max(base, input.durableMark ?? 0) as Offset);
  const whole = scanSegment(bytes, base, {
    before: found.epochBefore,
    end: next,
    mark: input.durableMark,
  });
  const scan = next === undefined ? await inFrontOfDoubt(input, found, whole) : whole;
  const below = scan.batches.filter((batch) => next === undefined || batch.lastOffset < next);
  const runs = runsOf(below, durableEnd);
  const rot = await reportRot(input, found, scan.bad, durableEnd);
  const first = runs[0];
  const stays = first !== undefined && isDurable(first, durableEnd) && first[0]?.position === 0;
  const moved = stays ? runs.slice(1) : runs;
  // More than one new file: a crash in between would leave a part in the old one that nothing has
  // made durable.
  if (next === undefined && moved.length > 1) await rewriteWhole(input, base, bytes);
  for (const run of [...moved].reverse()) await moveRun(input, bytes, run);
  const kept = stays ? (first as Run) : [];
  const isReplaced = moved[0]?.[0]?.baseOffset === base;
  if (!isReplaced) await cutFile(input, found, kept, moved.length > 0);
  const isEmptyNewest = next === undefined && runs.length === 0;
  const all = isEmptyNewest ? [[]] : runs;
  return { parts: all.map((run) => partOf(input, bytes, base, run)), rot };
}

const isDurable = (run: Run, durableEnd: Offset): boolean =>
  (run[0] as RecordBatchHeader).lastOffset < durableEnd;

function runsOf(batches: readonly RecordBatchHeader[], durableEnd: Offset): Run[] {
  const runs: Run[] = [];
  let last: RecordBatchHeader | undefined;
  for (const batch of batches) {
    const follows =
      last !== undefined &&
      last.position + last.totalBytes === batch.position &&
      last.lastOffset + 1 === batch.baseOffset &&
      last.lastOffset < durableEnd === batch.lastOffset < durableEnd;
    if (follows) runs.at(-1)?.push(batch);
    else runs.push([batch]);
    last = batch;
  }
  return runs;
}

/**
 * Sets damaged bytes aside and names the offsets that are gone with them. At the end of the newest
 * segment, above the durable end, they are a torn tail: nobody was promised anything about them.
 */
async function reportRot(
  input: RecoveryInput,
  found: SegmentCase,
  bad: readonly BadExtent[],
  durableEnd: Offset,
): Promise<readonly RotRange[]> {
  const rot: RotRange[] = [];
  for (const extent of bad) {
    const to = extent.to ?? durableEnd;
    const isTorn = extent.to === undefined && extent.from >= durableEnd;
    // Behind the base of the next segment lies what an interrupted recovery has moved there.
    if (isTorn || (found.next !== undefined && extent.from >= found.next)) continue;
    const name = `${input.setAsideName}-${found.base}-${extent.position}-${extent.from}-${to}.bytes`;
    const bytes = found.bytes.subarray(extent.position, extent.endPosition);
    const setAside = await setBytesAside(input.disk, name, bytes);
    const file = segmentPath(input.dir, found.base, 'log');
    const range = { from: extent.from, to: offset(Math.max(to, extent.from)), file };
    rot.push({ ...range, reason: extent.reason, ...(setAside === undefined ? {} : { setAside }) });
  }
  return rot;
}

async function moveRun(input: RecoveryInput, bytes: Uint8Array, run: Run): Promise<void> {
  const [first, last] = [run[0] as RecordBatchHeader, run.at(-1) as RecordBatchHeader];
  const end = last.position + last.totalBytes;
  await rewriteWhole(input, first.baseOffset, bytes.subarray(first.position, end));
}

/** Makes bytes a `.log` file that is durable from the moment that it has this name. */
async function rewriteWhole(input: RecoveryInput, base: Offset, bytes: Uint8Array): Promise<void> {
  const { disk, dir } = input;
  const path = segmentPath(dir, base, 'log.recovery');
  await writeDurably(disk, path, [bytes]);
  await disk.rename(path, segmentPath(dir, base, 'log'));
  await disk.syncDir(dir);
}

/**
 * Leaves the kept run in the old file, durably; without one the file goes, unless it is the only
 * one.
 */
async function cutFile(
  input: RecoveryInput,
  found: SegmentCase,
  kept: Run,
  isElsewhere: boolean,
): Promise<void> {
  const path = segmentPath(input.dir, found.base, 'log');
  const last = kept.at(-1);
  const end = last === undefined ? 0 : last.position + last.totalBytes;
  if (last === undefined && (isElsewhere || found.next !== undefined)) {
    // Its name may be all that says where the log begins: without it the next start would take the
    // hole in front for what was let go.
    if (found.isFirst) await input.keepStart(found.base);
    await input.disk.unlink(path);
    await input.disk.syncDir(input.dir);
  } else if (end < found.bytes.length) {
    await withFile(await input.disk.open(path, 'readWrite'), async (file) => {
      await file.truncate(end);
      await file.sync();
    });
  }
}

async function withFile(file: DiskFile, use: (file: DiskFile) => Promise<void>): Promise<void> {
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

function partOf(input: RecoveryInput, bytes: Uint8Array, base: Offset, run: Run): RepairedPart {
  const place = { dir: input.dir, baseOffset: run[0]?.baseOffset ?? base };
  const interval = input.indexIntervalBytes;
  return { segment: Segment.fromBatches(place, bytes, run, interval), batches: run };
}
