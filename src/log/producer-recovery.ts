import type { Offset } from '../base/brand.ts';
import { offset } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';
import type { ProducerBatch } from '../ports/recovered-log.ts';
import { decodeProducerSnapshot } from '../wire/kafka/producer-snapshot.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { lastSequenceOf } from '../wire/kafka/sequence.ts';
import { readWhole, unlinkIfThere } from './files.ts';
import type { RecoveredSegments } from './recovery.ts';
import { basesOf, segmentPath } from './segment-files.ts';
import { scanSegment } from './segment-scan.ts';
import type { Segment } from './segment.ts';

/** What the core needs to know its producers again. */
export interface RecoveredProducers {
  readonly producerSnapshot: Uint8Array | undefined;
  readonly producerSnapshotOffset: Offset;
  readonly producerBatches: readonly ProducerBatch[];
  readonly producerStateFrom: Offset | undefined;
}

/**
 * The newest intact snapshot that is not older than the last hole, and the batches behind it.
 * Batches in front of a hole are not replayed over it: what is missing could be of any producer
 * (L6). Snapshots above the log end and damaged ones are unlinked.
 */
export async function recoverProducers(
  disk: Disk,
  dir: string,
  found: RecoveredSegments,
): Promise<RecoveredProducers> {
  const end = found.segments.at(-1)?.endOffset ?? found.logStartOffset;
  const holes = found.rot.filter((range) => range.to > range.from);
  const holeEnd = holes.reduce((last, range) => Math.max(last, range.to), -1);
  const lowest = offset(Math.max(holeEnd, 0));
  const snapshot = await newestSnapshot(disk, dir, lowest, end);
  const from = offset(snapshot?.at ?? Math.max(found.logStartOffset, lowest));
  return {
    producerSnapshot: snapshot?.bytes,
    producerSnapshotOffset: from,
    producerBatches: await batchesFrom(disk, found, from),
    producerStateFrom: holeEnd < 0 ? undefined : lowest,
  };
}

async function newestSnapshot(
  disk: Disk,
  dir: string,
  lowest: Offset,
  highest: Offset,
): Promise<{ readonly at: Offset; readonly bytes: Uint8Array } | undefined> {
  for (const at of basesOf(await disk.list(dir), 'snapshot').reverse()) {
    const path = segmentPath(dir, at, 'snapshot');
    if (at < lowest) return undefined;
    const bytes = at > highest ? undefined : await readWhole(disk, path);
    if (bytes !== undefined && decodeProducerSnapshot(bytes).ok) return { at, bytes };
    await unlinkIfThere(disk, path);
  }
  return undefined;
}

async function batchesFrom(
  disk: Disk,
  found: RecoveredSegments,
  from: Offset,
): Promise<ProducerBatch[]> {
  const batches: ProducerBatch[] = [];
  for (const segment of found.segments) {
    if (segment.endOffset <= from) continue;
    const headers = found.scanned.get(segment.baseOffset) ?? (await scanned(disk, segment));
    for (const header of headers) {
      if (header.producerId >= 0n && header.baseOffset >= from) batches.push(batchOf(header));
    }
  }
  return batches;
}

/** The sound batches of a segment that the start had trusted by its sidecar. */
async function scanned(disk: Disk, segment: Segment): Promise<readonly RecordBatchHeader[]> {
  const bytes = (await readWhole(disk, segment.path('log'))) as Uint8Array;
  return scanSegment(bytes, segment.baseOffset, { end: segment.endOffset }).batches;
}

const batchOf = (header: RecordBatchHeader): ProducerBatch => ({
  producerId: header.producerId,
  producerEpoch: header.producerEpoch,
  baseSequence: header.baseSequence,
  lastSequence: lastSequenceOf(header),
  baseOffset: header.baseOffset,
  lastOffset: header.lastOffset,
  timestamp: header.maxTimestamp,
});
