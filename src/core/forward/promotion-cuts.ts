import type { Cursor } from './cursor.ts';
import type { ForwardMark, PromotionCut } from './supervision.ts';

/**
 * The cut that central's cursor has passed: it was written before the promotion, by who was given
 * up (X1, V5). Of several the lowest: all behind it is new here.
 */
export function cutBelow(
  { edgeLeaderEpoch, forwardOffset }: Cursor,
  cuts: readonly PromotionCut[] = [],
): PromotionCut | undefined {
  return cuts
    .filter((cut) => edgeLeaderEpoch < cut.leaderEpoch && forwardOffset > cut.cutOffset)
    .toSorted((a, b) => a.cutOffset - b.cutOffset)[0];
}

/** A mark that speaks of records which a promotion cut off: others are at their offsets now. */
export const isOfCutLog = (mark: ForwardMark, cuts: readonly PromotionCut[] = []): boolean =>
  cuts.some(
    (cut) => (mark.leaderEpoch ?? 0) < cut.leaderEpoch && mark.forwardOffset > cut.cutOffset,
  );
