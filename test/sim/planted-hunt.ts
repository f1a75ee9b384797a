import { spawn } from 'node:child_process';
import type { PlantedBug } from '../planted/planted-bug.ts';
import { TreeCopy } from '../planted/tree-copy.ts';

type Patch = Pick<PlantedBug, 'name' | 'file' | 'from' | 'to'>;

/** So many bugs at once: one for each core of a small machine. */
const copiesMax = 2;

/**
 * Plants one bug after the other in copies of the tree.
 * @param look runs in `folder` while that bug is planted there.
 */
export async function plantEach<Bug extends Patch>(
  root: string,
  bugs: readonly Bug[],
  look: (folder: string, bug: Bug) => Promise<void>,
): Promise<void> {
  const copies: TreeCopy[] = [];
  try {
    while (copies.length < Math.min(copiesMax, bugs.length)) copies.push(TreeCopy.make(root));
    const left = bugs.values();
    await Promise.all(
      copies.map(async (copy) => {
        for (const bug of left) {
          const restore = copy.plant(bug);
          try {
            await look(copy.folder, bug);
          } finally {
            restore();
          }
        }
      }),
    );
  } finally {
    for (const copy of copies) copy.remove();
  }
}

/** A simulator's seeds, in a copy of the tree. */
export interface SeedHunt {
  readonly folder: string;
  /** The simulator, in that folder. */
  readonly main: string;
  readonly first: number;
  readonly seedsMax: number;
  /** More of its options. */
  readonly options: readonly string[];
  readonly limitMs: number;
}

export interface FailedSeed {
  /** So many were run, this one too. */
  readonly needed: number;
  readonly text: string;
}

/** Runs seeds until one fails; undefined: none does. @throws if the simulator does not run. */
export async function firstFailing(hunt: SeedHunt): Promise<FailedSeed | undefined> {
  const output = await outputOf(hunt);
  const failed = /^seed (\d+): (.*)$/m.exec(output);
  if (failed !== null) {
    return { needed: Number(failed[1]) - hunt.first + 1, text: failed[2] ?? '' };
  }
  if (output.includes('seeds held')) return undefined;
  throw new Error(`the simulator did not run: ${output.slice(-500)}`);
}

function outputOf({ folder, main, first, seedsMax, options, limitMs }: SeedHunt): Promise<string> {
  const seeds = ['--stop', '--first', String(first), '--seeds', String(seedsMax), ...options];
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', main, ...seeds];
    const child = spawn(process.execPath, args, { cwd: folder, timeout: limitMs });
    let output = '';
    const take = (chunk: Buffer): void => void (output += chunk.toString('utf8'));
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}
