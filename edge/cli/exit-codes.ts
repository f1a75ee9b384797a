/** Exit codes of the `shorelog` command. */
export const exitCodes = {
  ok: 0,
  /** It ran, and something is not as it should be. */
  problem: 1,
  /** Wrong arguments, or a wrong config. */
  usage: 2,
  /** A fault of ours (EX_SOFTWARE). */
  bug: 70,
  /** The data directory cannot be trusted any more (EX_IOERR, rule L8). */
  diskCondemned: 74,
} as const;
