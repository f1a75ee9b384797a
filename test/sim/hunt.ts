import { firstFailing, plantEach } from './planted-hunt.ts';
import type { SimBug } from './sim-bugs.ts';

export const seedsMax = 50;
/** Hunts begin at different places of the number line. */
const huntStep = 10_000;
const limitMs = 300_000;

export interface HuntOptions {
  readonly bugs: readonly SimBug[];
  /** Simulated, for each seed. */
  readonly minutes: string;
  /** So many for each bug. */
  readonly hunts: number;
  /** Of the first hunt. */
  readonly firstSeed: number;
}

/** How many seeds each hunt needed; seedsMax + 1: none of them found it. */
export interface Hunt {
  readonly bug: SimBug;
  readonly needed: readonly number[];
  /** What it broke, in each hunt that found it. */
  readonly invariants: readonly string[];
  readonly text: string;
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Plants one bug after the other and runs seeds until one of them fails, some times for each. */
export function hunt(
  root: string,
  options: HuntOptions,
  found: (hunt: Hunt) => void,
): Promise<void> {
  return plantEach(root, options.bugs, async (folder, bug) => {
    found(await huntOne(folder, bug, options));
  });
}

async function huntOne(folder: string, bug: SimBug, options: HuntOptions): Promise<Hunt> {
  const needed: number[] = [];
  const texts: string[] = [];
  const check = bug.check === undefined ? [] : ['--check', bug.check];
  for (let i = 0; i < options.hunts; i++) {
    const failed = await firstFailing({
      ...{ folder, main: 'test/sim/main.ts', seedsMax, limitMs },
      first: options.firstSeed + i * huntStep,
      options: ['--workers', '1', '--minutes', options.minutes, ...check],
    });
    needed.push(failed?.needed ?? seedsMax + 1);
    if (failed !== undefined) texts.push(failed.text);
  }
  // An assertion of the product names no invariant.
  const invariants = texts.map((text) => /^\[([a-z-]+)\]/.exec(text)?.[1] ?? 'assertion');
  return { bug, needed, invariants, text: texts[0] ?? '' };
}
