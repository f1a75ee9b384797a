import { offset } from '../base/brand.ts';
import type { Offset } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';
import type { RotRange } from '../ports/recovered-log.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { unlinkSegment } from './cut-log.ts';
import { openFresh, readWhole, unlinkIfThere } from './files.ts';
import type { RecoveryInput } from './recovery-input.ts';
import { repairSegment } from './segment-repair.ts';
import type { SegmentCase } from './segment-case.ts';
import { decodeDigest } from './segment-digest.ts';
import { basesOf, derivedSuffixes, segmentPath } from './segment-files.ts';
import type { SegmentSuffix } from './segment-files.ts';
import { Segment } from './segment.ts';
import { knownVoters, votersBefore } from './voter-records.ts';

/**
 * The segments of a log, all of their bytes durable (L7); the last is the active one. At least one.
 */
export interface RecoveredSegments {
  readonly segments: readonly Segment[];
  readonly rot: readonly RotRange[];
  readonly logStartOffset: Offset;
  /** Headers of segments that had to be read anyway, by base offset. */
  readonly scanned: ReadonlyMap<Offset, readonly RecordBatchHeader[]>;
}

/**
 * Recovery of one log (L5-L7). Sealed segments are trusted by sidecar and size; the
 * newest is read whole. Each step leaves a folder that another recovery takes further, so a crash
 * at any call costs nothing.
 */
export async function recoverSegments(input: RecoveryInput): Promise<RecoveredSegments> {
  const { disk, dir } = input;
  const names = await disk.list(dir);
  const bases = basesOf(names, 'log');
  await removeLeftovers(disk, dir, names, bases);
  const start = input.logStartOffset ?? bases[0] ?? offset(0);
  const state = new Gathered();
  for (const [index, base] of bases.entries()) {
    const next = bases[index + 1];
    // What lies below the log start was let go; only its unlinking may be missing (L3).
    if (next !== undefined && next <= start) await unlinkSegment(disk, dir, base);
    else await recoverOne(input, base, next, state);
  }
  const lost = state.rot.map(({ to }) => to);
  await endAt(input, state, Math.max(start, input.durableMark ?? 0, ...lost) as Offset);
  state.findHoles(start);
  // A name that was seen may be in the page cache only, as the bytes were (L7).
  await disk.syncDir(dir);
  const { segments, rot, scanned } = state;
  return { segments, rot, logStartOffset: start, scanned };
}

/** What recovery has found so far. */
class Gathered {
  readonly segments: Segment[] = [];
  readonly rot: RotRange[] = [];
  readonly scanned = new Map<Offset, readonly RecordBatchHeader[]>();

  /**
   * Offsets that no segment holds and no damage of this start explains: lost, or set aside by an
   * earlier start.
   */
  findHoles(start: Offset): void {
    let expected = start;
    for (const segment of this.segments) {
      if (segment.baseOffset > expected) this.#addHole(expected, segment);
      expected = Math.max(expected, segment.endOffset) as Offset;
    }
    this.rot.sort((a, b) => a.from - b.from);
  }

  #addHole(from: Offset, segment: Segment): void {
    const to = segment.baseOffset;
    if (this.rot.some((range) => range.from <= from && range.to >= to)) return;
    this.rot.push({ from, to, file: segment.path('log'), reason: 'missing' });
  }
}

/**
 * `.recovery` files of an interrupted recovery, half-written replacements, derived files without
 * their log.
 */
async function removeLeftovers(
  disk: Disk,
  dir: string,
  names: readonly string[],
  bases: readonly Offset[],
): Promise<void> {
  for (const name of names) if (name.endsWith('.new')) await unlinkIfThere(disk, `${dir}/${name}`);
  for (const base of basesOf(names, 'log.recovery')) {
    await unlinkIfThere(disk, segmentPath(dir, base, 'log.recovery'));
  }
  const known = new Set(bases);
  for (const suffix of derivedSuffixes satisfies readonly SegmentSuffix[]) {
    for (const base of basesOf(names, suffix)) {
      if (!known.has(base)) await unlinkIfThere(disk, segmentPath(dir, base, suffix));
    }
  }
}

async function recoverOne(
  input: RecoveryInput,
  base: Offset,
  next: Offset | undefined,
  state: Gathered,
): Promise<void> {
  const trusted = next === undefined ? undefined : await trustedSegment(input, base, next);
  if (trusted !== undefined) {
    state.segments.push(trusted);
    return;
  }
  const bytes = (await readWhole(input.disk, segmentPath(input.dir, base, 'log'))) as Uint8Array;
  const before = state.segments.at(-1);
  const follows = before?.endOffset === base;
  const epochBefore = follows ? before.epochStarts.at(-1)?.leaderEpoch : undefined;
  const voters = votersBefore(knownVoters(state.segments, input.voterSets), base);
  const found: SegmentCase = {
    ...{ base, next, bytes, epochBefore },
    isFirst: state.segments.length === 0 && state.rot.length === 0,
    voters: voters ?? input.startVoters,
  };
  const repaired = await repairSegment(input, found);
  state.rot.push(...repaired.rot);
  for (const part of repaired.parts) {
    state.segments.push(part.segment);
    state.scanned.set(part.segment.baseOffset, part.batches);
    await part.segment.rewriteIndexes(input.disk);
  }
  await sealParts(
    input,
    repaired.parts.map((part) => part.segment),
    next !== undefined,
  );
}

/**
 * All but the last part of the newest segment are sealed. The active segment has no sidecar that
 * could outlive it.
 */
async function sealParts(
  input: RecoveryInput,
  parts: readonly Segment[],
  isSealed: boolean,
): Promise<void> {
  for (const [index, segment] of parts.entries()) {
    if (isSealed || index < parts.length - 1) {
      await segment.writeSealed(input.disk);
      segment.dropIndexes();
    } else await unlinkIfThere(input.disk, segment.path('digest'));
  }
}

async function trustedSegment(
  input: RecoveryInput,
  base: Offset,
  next: Offset,
): Promise<Segment | undefined> {
  const sidecar = await readWhole(input.disk, segmentPath(input.dir, base, 'digest'));
  const digest = sidecar === undefined ? undefined : decodeDigest(sidecar);
  if (digest === undefined || digest.baseOffset !== base || digest.endOffset > next)
    return undefined;
  const stat = await input.disk.stat(segmentPath(input.dir, base, 'log'));
  return stat?.bytes === digest.bytes ? Segment.fromDigest(input.dir, digest) : undefined;
}

/**
 * The log ends no lower than `lowest`, the durable mark, the log start or the end of what is lost:
 * offsets below it were promised to someone and are never given out again, even if their bytes are
 * gone.
 */
async function endAt(input: RecoveryInput, state: Gathered, lowest: Offset): Promise<void> {
  const last = state.segments.at(-1);
  if (last !== undefined && last.endOffset >= lowest) return;
  if (last !== undefined && last.index !== undefined) {
    await last.writeSealed(input.disk);
    last.dropIndexes();
  }
  state.segments.push(await createSegment(input.disk, input.dir, lowest));
}

/** An empty segment whose name is durable (L3). */
export async function createSegment(disk: Disk, dir: string, base: Offset): Promise<Segment> {
  const segment = new Segment(dir, base);
  segment.startIndexes();
  const file = await openFresh(disk, segment.path('log'));
  await file.close();
  await segment.rewriteIndexes(disk);
  await disk.syncDir(dir);
  return segment;
}
