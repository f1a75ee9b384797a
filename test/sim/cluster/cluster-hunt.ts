import { firstFailing, plantEach } from '../planted-hunt.ts';
import type { ClusterBug } from './cluster-bugs.ts';

export interface ClusterHuntOptions {
  readonly bugs: readonly ClusterBug[];
  /** Simulated, for each seed. */
  readonly minutes: string;
  readonly seedsMax: number;
  readonly firstSeed: number;
}

export interface ClusterHunt {
  readonly bug: ClusterBug;
  /** Undefined: none of them found it. */
  readonly seedsNeeded: number | undefined;
  readonly text: string;
}

const limitMs = 900_000;

/** Plants one bug after the other and runs seeds of whole clusters until one of them fails. */
export function huntClusterBugs(
  root: string,
  { bugs, minutes, seedsMax, firstSeed }: ClusterHuntOptions,
  found: (hunt: ClusterHunt) => void,
): Promise<void> {
  return plantEach(root, bugs, async (folder, bug) => {
    const failed = await firstFailing({
      ...{ folder, main: 'test/sim/cluster/main.ts', first: firstSeed, seedsMax, limitMs },
      options: ['--minutes', minutes],
    });
    found({ bug, seedsNeeded: failed?.needed, text: failed?.text ?? '' });
  });
}
