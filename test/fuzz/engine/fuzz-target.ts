import type { Prng } from '../../../src/base/prng.ts';

/** What is thrown at hostile bytes. `Outcome` is handed from `execute` to `check`. */
export interface FuzzTarget<Outcome = unknown> {
  readonly name: string;
  /** Inputs are cut there. */
  readonly inputBytesMax: number;
  /** An input that follows the grammar, or nearly. */
  generate(prng: Prng): Uint8Array;
  /** Makes checksums fit a mutated input again, so that what lies behind them is reached. */
  repair?(input: Uint8Array, prng: Prng): Uint8Array;
  /** The decoder alone: its time and its allocations are measured. */
  execute(input: Uint8Array): Outcome | Promise<Outcome>;
  /**
   * Throws where the outcome breaks a promise; returns a short signature of what happened, by which
   * inputs are found worth keeping.
   */
  check(input: Uint8Array, outcome: Outcome): string | Promise<string>;
  /** Bytes that may be allocated above 4 times the input plus 64 KiB, with the reason beside it. */
  allowance?(input: Uint8Array, outcome: Outcome): number;
  /** Where 50 ms are not what is promised, with the reason beside it. */
  readonly msMax?: number;
  /** Ends what it started. */
  stop?(): Promise<void>;
}
