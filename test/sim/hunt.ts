import { spawn } from 'node:child_process';
import { TreeCopy } from '../planted/tree-copy.ts';
import type { SimBug } from './sim-bugs.ts';

/** Hunts begin at different places of the number line. */
const firstSeedOf = (hunt: number): number => 1 + hunt * 10_000;
export const seedsMax = 50;
const copiesMax = 2;

export interface HuntOptions {
  /** Simulated, for each seed. */
  readonly minutes: string;
  /** So many for each bug. */
  readonly hunts: number;
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

/** Plants one bug after the other in copies of the tree and runs seeds until one of them fails. */
export async function hunt(
  root: string,
  options: HuntOptions & { readonly bugs: readonly SimBug[] },
  found: (hunt: Hunt) => void,
): Promise<void> {
  const copies: TreeCopy[] = [];
  try {
    while (copies.length < Math.min(copiesMax, options.bugs.length)) {
      copies.push(TreeCopy.make(root));
    }
    const left = options.bugs.values();
    await Promise.all(
      copies.map(async (copy) => {
        for (const bug of left) found(await huntOne(copy, bug, options));
      }),
    );
  } finally {
    for (const copy of copies) copy.remove();
  }
}

async function huntOne(copy: TreeCopy, bug: SimBug, options: HuntOptions): Promise<Hunt> {
  const restore = copy.plant(bug);
  try {
    const needed: number[] = [];
    const invariants: string[] = [];
    let text = '';
    for (let i = 0; i < options.hunts; i++) {
      const first = firstSeedOf(i);
      const output = await runSeeds(copy.folder, first, [
        ...['--minutes', options.minutes],
        ...(bug.check === undefined ? [] : ['--check', bug.check]),
      ]);
      const failed = /^seed (\d+): (?:\[([a-z-]+)\])?(.*)$/m.exec(output);
      if (failed === null && !output.includes('seeds held')) {
        throw new Error(`${bug.name}: the simulator did not run: ${output.slice(-500)}`);
      }
      needed.push(failed === null ? seedsMax + 1 : Number(failed[1]) - first + 1);
      if (failed === null) continue;
      invariants.push(failed[2] ?? 'assertion');
      if (text === '') text = failed[0].slice(`seed ${failed[1]}: `.length);
    }
    return { bug, needed, invariants, text };
  } finally {
    restore();
  }
}

function runSeeds(folder: string, first: number, more: readonly string[]): Promise<string> {
  const seeds = ['--first', String(first), '--seeds', String(seedsMax), ...more];
  const args = ['--import', 'tsx', 'test/sim/main.ts', '--workers', '1', '--stop', ...seeds];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, timeout: 300_000 });
    let output = '';
    const take = (chunk: Buffer): void => void (output += chunk.toString('utf8'));
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}
