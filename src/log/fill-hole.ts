import { assert } from '../base/assert.ts';
import type { Offset } from '../base/brand.ts';
import type { Disk } from '../ports/disk.ts';
import { scanBatches } from '../wire/kafka/batch-scan.ts';
import { writeDurably } from './files.ts';
import { segmentPath } from './segment-files.ts';

interface Extent {
  readonly baseOffset: Offset;
  readonly endOffset: Offset;
}

/**
 * Writes whole batches that begin where a hole between two segments begins, and end in it, as a
 * segment of their own: whole, durable and under its name, or not at all. Recovery takes it from
 * there.
 */
export async function fillHole(
  disk: Disk,
  dir: string,
  segments: readonly Extent[],
  batches: Uint8Array,
): Promise<void> {
  const { headers, fault } = scanBatches(batches);
  const [first, last] = [headers[0], headers.at(-1)];
  assert(fault === undefined && first !== undefined && last !== undefined, 'sound batches');
  headers.forEach(({ baseOffset }, index) => {
    const before = headers[index - 1];
    assert(before === undefined || baseOffset === before.lastOffset + 1, 'they follow each other');
  });
  const isFree = segments.every(
    ({ baseOffset, endOffset }) => endOffset <= first.baseOffset || baseOffset > last.lastOffset,
  );
  assert(isFree, 'only what is lost is replaced');
  const fresh = segmentPath(dir, first.baseOffset, 'log.recovery');
  await writeDurably(disk, fresh, [batches]);
  await disk.rename(fresh, segmentPath(dir, first.baseOffset, 'log'));
  await disk.syncDir(dir);
}
