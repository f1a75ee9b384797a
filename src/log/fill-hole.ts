import { assert } from '../base/assert.ts';
import type { Offset } from '../base/brand.ts';
import { bytesEqual } from '../base/bytes.ts';
import type { Disk } from '../ports/disk.ts';
import { scanBatches } from '../wire/kafka/batch-scan.ts';
import { batchPosition } from '../wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { writeDurably } from './files.ts';
import { readSalvaging } from './salvage.ts';
import { segmentPath } from './segment-files.ts';

interface Extent {
  readonly baseOffset: Offset;
  readonly endOffset: Offset;
}

/** Batches that follow each other in one segment, or where there is none. */
interface Part {
  readonly segment: Extent | undefined;
  readonly first: Offset;
  readonly batches: Uint8Array;
}

/**
 * Writes whole batches that begin where a hole begins, and end in it: a hole between two segments
 * becomes a segment of its own; one in a segment, which was found while the log was open, is
 * written over in a copy of the segment that then takes its place. Holes that meet are filled one
 * after the other. Each is whole, durable and under its name, or not there at all. Recovery takes
 * it from there.
 */
export async function fillHole(
  disk: Disk,
  dir: string,
  segments: readonly Extent[],
  batches: Uint8Array,
): Promise<void> {
  for (const part of partsOf(batches, segments)) await fillPart(disk, dir, part);
}

async function fillPart(disk: Disk, dir: string, part: Part): Promise<void> {
  const { segment, first, batches } = part;
  if (segment === undefined) return writeSegment(disk, dir, { base: first, bytes: batches });
  const { baseOffset: base } = segment;
  const bytes = await mended(disk, segmentPath(dir, base, 'log'), { base, first, batches });
  // Bytes in front of it fail too: they are named when they are read, and come first then.
  return bytes && writeSegment(disk, dir, { base, bytes });
}

/** Sound batches that follow each other, by the segments that they lie in. */
function partsOf(bytes: Uint8Array, segments: readonly Extent[]): readonly Part[] {
  const { headers, fault } = scanBatches(bytes);
  assert(fault === undefined && headers.length > 0, 'sound batches');
  const parts: Part[] = [];
  headers.forEach((header, index) => {
    const { baseOffset, position, totalBytes } = header;
    const before = headers[index - 1];
    assert(before === undefined || baseOffset === before.lastOffset + 1, 'they follow each other');
    const segment = segmentOf(header, segments);
    const part = parts.at(-1);
    const isNext = part !== undefined && part.segment === segment;
    const from = isNext ? position - part.batches.length : position;
    const batches = bytes.subarray(from, position + totalBytes);
    if (isNext) parts[parts.length - 1] = { ...part, batches };
    else parts.push({ segment, first: baseOffset, batches });
  });
  return parts;
}

function segmentOf(batch: RecordBatchHeader, segments: readonly Extent[]): Extent | undefined {
  const hit = segments.filter(
    ({ baseOffset, endOffset }) => endOffset > batch.baseOffset && baseOffset <= batch.lastOffset,
  );
  assert(hit.length <= 1, 'a batch lies in one segment');
  return hit[0];
}

interface Filling {
  readonly base: Offset;
  readonly first: Offset;
  readonly batches: Uint8Array;
}

/**
 * The segment with these batches in the place of those that fail their checks: the same bytes once,
 * so of the same length. Undefined: it fails at another place, or nothing in it is another than the
 * peer's, since a sector may be read again that could not be.
 */
async function mended(
  disk: Disk,
  path: string,
  { base, first, batches }: Filling,
): Promise<Uint8Array | undefined> {
  const file = await disk.open(path, 'read');
  try {
    const bytes = await readSalvaging(file, 0, await file.size());
    const { headers, end } = scanBatches(bytes);
    const last = headers.at(-1);
    const next = last === undefined ? base : last.lastOffset + 1;
    const at = next === first ? end : headers.find((one) => one.baseOffset === first)?.position;
    if (at === undefined || at + batches.length > bytes.length) return undefined;
    const sound = headers.filter(({ position }) => position >= at);
    for (const header of sound)
      assertSameRecords(bytes, header, batches.subarray(header.position - at));
    if (bytesEqual(bytes.subarray(at, at + batches.length), batches)) return undefined;
    const whole = bytes.slice();
    whole.set(batches, at);
    return whole;
  } finally {
    await file.close();
  }
}

/** Whose CRC fits may only be wrong in what no CRC covers: base offset and leader epoch. */
function assertSameRecords(bytes: Uint8Array, header: RecordBatchHeader, copy: Uint8Array): void {
  const { position, totalBytes } = header;
  const own = bytes.subarray(position + batchPosition.magic, position + totalBytes);
  const length = Math.max(0, Math.min(own.length, copy.length - batchPosition.magic));
  const told = copy.subarray(batchPosition.magic, batchPosition.magic + length);
  assert(bytesEqual(own.subarray(0, length), told), 'a copy of sound records is the same');
}

async function writeSegment(
  disk: Disk,
  dir: string,
  { base, bytes }: { readonly base: Offset; readonly bytes: Uint8Array },
): Promise<void> {
  const fresh = segmentPath(dir, base, 'log.recovery');
  await writeDurably(disk, fresh, [bytes]);
  await disk.rename(fresh, segmentPath(dir, base, 'log'));
  await disk.syncDir(dir);
}
