/** C3: `auto` (0) is a second copy where three data voters can give one. */
export function minInsyncOf(wanted: number, dataVoters: number): number {
  if (wanted > 0) return Math.min(wanted, Math.max(1, dataVoters));
  return dataVoters >= 3 ? 2 : 1;
}
