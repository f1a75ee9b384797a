/**
 * Indexes of a longest subsequence that never falls. Of the lowest and the highest such rise the
 * one with fewer different values is taken: where both leave out as many values, a value that
 * stands alone is the likelier to be wrong.
 */
export function longestRise(values: readonly number[]): ReadonlySet<number> {
  const lowest = lowestRise(values);
  const mirrored = lowestRise(values.map((value) => -value).reverse());
  const highest = new Set([...mirrored].map((index) => values.length - 1 - index));
  const kinds = (kept: ReadonlySet<number>): number =>
    new Set([...kept].map((index) => values[index])).size;
  return kinds(highest) < kinds(lowest) ? highest : lowest;
}

/** Patience sorting, n log n. */
function lowestRise(values: readonly number[]): ReadonlySet<number> {
  /** `tops[k]`: index of the smallest value that ends a rise of length k + 1. */
  const tops: number[] = [];
  const previous: number[] = [];
  values.forEach((value, index) => {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((values[tops[middle] as number] as number) <= value) low = middle + 1;
      else high = middle;
    }
    previous[index] = low > 0 ? (tops[low - 1] as number) : -1;
    tops[low] = index;
  });
  const kept = new Set<number>();
  for (let at = tops.at(-1) ?? -1; at >= 0; at = previous[at] as number) kept.add(at);
  return kept;
}
