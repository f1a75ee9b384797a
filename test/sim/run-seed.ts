import { InvariantBroken } from './invariants/invariant-broken.ts';
import { runGroup, type GroupRun, type RunOptions } from './run-group.ts';

/** What one seed came to. */
export interface SeedResult {
  readonly seed: number;
  readonly run?: GroupRun;
  readonly failure?: { readonly invariant: string; readonly text: string };
}

/** One seed; whatever it throws is its result. */
export function runSeed(seed: number, minutes: number, options: RunOptions = {}): SeedResult {
  try {
    return { seed, run: runGroup(seed, minutes, options) };
  } catch (error) {
    // An assertion of the product counts as any other broken invariant.
    const invariant = error instanceof InvariantBroken ? error.invariant : 'assertion';
    return {
      seed,
      failure: { invariant, text: String(error instanceof Error ? error.message : error) },
    };
  }
}
