import type { Offset } from '../../base/brand.ts';
import { offset } from '../../base/brand.ts';
import { concatBytes } from '../../base/bytes.ts';
import { scanBatches } from '../../wire/kafka/batch-scan.ts';

/** What is left of a read. */
export interface DataBatches {
  readonly bytes: Uint8Array;
  /** Where to read on if nothing is left; undefined: there is something, or there was nothing. */
  readonly readOnAt: Offset | undefined;
}

/**
 * The data batches of a read, for clients that do not know control batches: kafka-python 2.0.2
 * hands a LeaderChange to the application as a record. Holes in the offsets it knows from
 * compaction.
 */
export function withoutControlBatches(bytes: Uint8Array): DataBatches {
  const { headers } = scanBatches(bytes);
  if (!headers.some(({ isControl }) => isControl)) return { bytes, readOnAt: undefined };
  const left = headers
    .filter(({ isControl }) => !isControl)
    .map(({ position, totalBytes }) => bytes.subarray(position, position + totalBytes));
  const last = headers.at(-1);
  const readOnAt = left.length > 0 || last === undefined ? undefined : offset(last.lastOffset + 1);
  return { bytes: concatBytes(left), readOnAt };
}
