import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allBugs } from '../planted/all-bugs.ts';
import { clusterBugs } from '../sim/cluster/cluster-bugs.ts';
import { simBugs } from '../sim/sim-bugs.ts';
import { patched } from '../planted/tree-copy.ts';
import { repositoryRoot } from './source-tree.ts';

/** A patch follows the code: whoever changes the one moves the other (`npm run planted`). */
describe('each planted bug', () => {
  it.each([...allBugs, ...simBugs, ...clusterBugs])(
    '$name has its place in the code',
    ({ file, from, to }) => {
      const text = readFileSync(join(repositoryRoot, file), 'utf8');
      expect(patched(text, { file, from, to })).not.toBe(text);
    },
  );

  it('has a name of its own', () => {
    expect(new Set(allBugs.map(({ name }) => name)).size).toBe(allBugs.length);
  });
});
