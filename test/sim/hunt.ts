import { spawn } from 'node:child_process';
import { TreeCopy } from '../planted/tree-copy.ts';
import type { SimBug } from './sim-bugs.ts';

/** The suite of a bug: so many seeds from different places of the number line. */
const firstSeeds = [1, 10_001, 20_001];
export const seedsMax = 50;
const copiesMax = 2;

/** How many seeds each hunt needed; seedsMax + 1: none of them found it. */
export interface Hunt {
  readonly bug: SimBug;
  readonly needed: readonly number[];
  readonly text: string;
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Plants one bug after the other in copies of the tree and runs seeds until one of them fails. */
export async function hunt(
  root: string,
  options: { readonly bugs: readonly SimBug[]; readonly minutes: string },
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
        for (const bug of left) found(await huntOne(copy, bug, options.minutes));
      }),
    );
  } finally {
    for (const copy of copies) copy.remove();
  }
}

async function huntOne(copy: TreeCopy, bug: SimBug, minutes: string): Promise<Hunt> {
  const restore = copy.plant(bug);
  try {
    const needed: number[] = [];
    let text = '';
    for (const first of firstSeeds) {
      const output = await runSeeds(copy.folder, first, minutes);
      const failed = /^seed (\d+): (.*)$/m.exec(output);
      if (failed === null && !output.includes('seeds held')) {
        throw new Error(`${bug.name}: the simulator did not run: ${output.slice(-500)}`);
      }
      needed.push(failed === null ? seedsMax + 1 : Number(failed[1]) - first + 1);
      if (text === '') text = failed?.[2] ?? '';
    }
    return { bug, needed, text };
  } finally {
    restore();
  }
}

function runSeeds(folder: string, first: number, minutes: string): Promise<string> {
  const seeds = ['--first', String(first), '--seeds', String(seedsMax), '--minutes', minutes];
  const args = ['--import', 'tsx', 'test/sim/main.ts', '--stop', ...seeds];
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
