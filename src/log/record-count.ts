import { offset } from '../base/brand.ts';
import type { Offset } from '../base/brand.ts';
import { scanBatches } from '../wire/kafka/batch-scan.ts';
import type { ReadRange } from './tail-cache.ts';

/** Bytes of one read while a log is counted. */
const bytesMax = 1024 * 1024;

/**
 * The records from `from` up to `to`; control batches hold none. `read` gives whole batches, or
 * undefined. Where nothing can be read every offset counts for a record, as in a gap by rot: a loss
 * may be overstated, never hidden.
 */
export async function countRecords(
  read: (range: ReadRange) => Promise<Uint8Array | undefined>,
  from: Offset,
  to: Offset,
): Promise<number> {
  let count = 0;
  let next = from;
  while (next < to) {
    const found = await read({ from: next, to, bytesMax });
    if (found === undefined || found.length === 0) return count + to - next;
    for (const header of scanBatches(found).headers) {
      count += Math.max(0, header.baseOffset - next);
      const inRange = header.lastOffset - Math.max(header.baseOffset, from) + 1;
      if (!header.isControl) count += Math.min(header.recordCount, inRange);
      next = offset(header.lastOffset + 1);
    }
  }
  return count;
}
