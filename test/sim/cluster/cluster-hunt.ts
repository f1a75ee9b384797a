import { spawn } from 'node:child_process';
import { TreeCopy } from '../../planted/tree-copy.ts';
import type { ClusterBug } from './cluster-bugs.ts';

export interface ClusterHunt {
  readonly bug: ClusterBug;
  /** Undefined: none of them found it. */
  readonly seedsNeeded: number | undefined;
  readonly text: string;
}

/** Plants one bug after the other in a copy of the tree and runs seeds until one of them fails. */
export async function huntClusterBugs(
  root: string,
  options: {
    readonly bugs: readonly ClusterBug[];
    readonly minutes: string;
    readonly seedsMax: number;
  },
  found: (hunt: ClusterHunt) => void,
): Promise<void> {
  const copy = TreeCopy.make(root);
  try {
    for (const bug of options.bugs) {
      const restore = copy.plant(bug);
      try {
        const output = await runSeeds(copy.folder, options);
        const failed = /^seed (\d+): (.*)$/m.exec(output);
        if (failed === null && !output.includes('seeds held')) {
          throw new Error(`${bug.name}: the simulator did not run: ${output.slice(-500)}`);
        }
        const seedsNeeded = failed === null ? undefined : Number(failed[1]);
        found({ bug, seedsNeeded, text: failed?.[2] ?? '' });
      } finally {
        restore();
      }
    }
  } finally {
    copy.remove();
  }
}

function runSeeds(
  folder: string,
  { minutes, seedsMax }: { readonly minutes: string; readonly seedsMax: number },
): Promise<string> {
  const seeds = ['--first', '1', '--seeds', String(seedsMax), '--minutes', minutes];
  const args = ['--import', 'tsx', 'test/sim/cluster/main.ts', '--stop', ...seeds];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, timeout: 900_000 });
    let output = '';
    const take = (chunk: Buffer): void => void (output += chunk.toString('utf8'));
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}
