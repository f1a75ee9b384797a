/** The value below which `share` of the values lie; 0 of none. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
};

/** The middle value; of an even number the upper of the two. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);
