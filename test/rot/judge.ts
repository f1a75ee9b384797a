import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';

/** Whole batches by their base offset. */
export type Batches = ReadonlyMap<number, Uint8Array>;

/** What a reader got of one log: the batches, and where the log starts. */
export interface Served {
  readonly batches: Batches;
  readonly logStartOffset: number;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Throws if a batch is not, bit for bit, what was stored, or if the offsets that are missing are
 * not exactly those that were named. Returns how many offsets are gone.
 */
export function judge(
  stored: Batches,
  { batches, logStartOffset }: Served,
  named: readonly Range[],
): number {
  const gone = new Set<number>();
  let end = 0;
  for (const [base, bytes] of stored) {
    const last = scanBatches(bytes).headers[0]?.lastOffset ?? base;
    end = Math.max(end, last + 1);
    const got = batches.get(base);
    if (got !== undefined) {
      if (Buffer.compare(got, bytes) !== 0) throw new Error(`wrong bytes at offset ${base}`);
      continue;
    }
    for (let at = base; at <= last; at++) if (at >= logStartOffset) gone.add(at);
  }
  for (const base of batches.keys()) {
    if (base < end && !stored.has(base)) throw new Error(`a batch at ${base} that never was`);
  }
  const told = new Set<number>();
  for (const { from, to } of named) for (let at = from; at < to; at++) told.add(at);
  const silent = [...gone].filter((at) => !told.has(at));
  const wrongly = [...told].filter((at) => !gone.has(at) && at >= logStartOffset);
  if (silent.length > 0) throw new Error(`offsets ${silent.join(',')} are gone without a word`);
  if (wrongly.length > 0) throw new Error(`offsets ${wrongly.join(',')} are named and not gone`);
  return gone.size;
}
