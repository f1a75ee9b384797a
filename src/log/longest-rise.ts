/** Indexes of a longest subsequence that never falls (patience sorting, n log n). */
export function longestRise(values: readonly number[]): ReadonlySet<number> {
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
