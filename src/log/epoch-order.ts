import type { LeaderEpoch } from '../base/brand.ts';
import { leaderChangeEpoch } from '../wire/kafka/control-record.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { longestRise } from './longest-rise.ts';

/** Batches that must have one leader epoch, and which, if something says it. */
interface Reign {
  readonly epoch: number | undefined;
  readonly members: number[];
}

/**
 * Indexes of the batches whose leader epoch cannot be true; their CRC does not cover it. A leader
 * epoch begins with its LeaderChange batch (C1), which says its epoch where the CRC covers it, so
 * up to the next one, or to bytes that are no batch, all must say the same. `before`: the epoch in
 * front of the first batch, if that is known. Two that agree are not rotten by chance: then what
 * was told does not count. Where nothing was told, epochs must not fall.
 */
export function wrongEpochs(
  batches: readonly RecordBatchHeader[],
  before: LeaderEpoch | undefined,
): ReadonlySet<number> {
  const epochOf = (index: number): number => (batches[index] as RecordBatchHeader).leaderEpoch;
  const wrong = new Set<number>();
  for (const { epoch, members } of reignsOf(batches, before)) {
    const agreed = members.some((index) => epochOf(index) === epoch) || members.length === 1;
    if (epoch === undefined || !agreed) continue;
    for (const index of members) if (epochOf(index) !== epoch) wrong.add(index);
  }
  const left = batches.map((_, index) => index).filter((index) => !wrong.has(index));
  const isRising = left.every((index, at) => epochOf(index) >= epochOf(left[at - 1] ?? index));
  if (isRising) return wrong;
  const kept = longestRise(left.map(epochOf));
  left.forEach((index, at) => {
    if (!kept.has(at)) wrong.add(index);
  });
  return wrong;
}

function reignsOf(
  batches: readonly RecordBatchHeader[],
  before: LeaderEpoch | undefined,
): readonly Reign[] {
  let reign: Reign = { epoch: before, members: [] };
  const reigns = [reign];
  batches.forEach((batch, index) => {
    const previous = batches[index - 1];
    const isBehindRot =
      previous !== undefined && previous.position + previous.totalBytes !== batch.position;
    if (batch.isControl || isBehindRot) {
      reign = { epoch: batch.isControl ? leaderChangeEpoch(batch) : undefined, members: [] };
      reigns.push(reign);
    }
    reign.members.push(index);
  });
  return reigns;
}
