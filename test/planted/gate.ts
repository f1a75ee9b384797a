import type { PlantedBug } from './planted-bug.ts';
import { runSuites, typeErrors } from './suite-run.ts';
import type { RedTest } from './suite-run.ts';
import { TreeCopy } from './tree-copy.ts';

/** Two cores: more would only starve each other. */
const copiesMax = 2;
const suiteMsMax = 120_000;

export type Verdict =
  | { readonly found: true; readonly by: RedTest; readonly seconds: number }
  | { readonly found: false; readonly reason: string; readonly seconds: number };

/**
 * Plants one bug after the other and asks the suites, two at a time, in copies of the tree at
 * `root`. The same suites must be green without any of them first; @throws if they are not.
 */
export async function runGate(
  root: string,
  bugs: readonly PlantedBug[],
  judged: (bug: PlantedBug, verdict: Verdict) => void,
): Promise<void> {
  const copies: TreeCopy[] = [];
  try {
    while (copies.length < Math.min(copiesMax, bugs.length)) copies.push(TreeCopy.make(root));
    await checkClean(copies, bugs);
    const left = bugs.values();
    await Promise.all(
      copies.map(async (copy) => {
        for (const bug of left) judged(bug, await judge(copy, bug));
      }),
    );
  } finally {
    for (const copy of copies) copy.remove();
  }
}

/** Without a bug all is green: what is red later is red because of it. */
async function checkClean(copies: readonly TreeCopy[], bugs: readonly PlantedBug[]): Promise<void> {
  for (const { folder } of copies) {
    const errors = await typeErrors(folder);
    if (errors !== '') throw new Error(`the clean copy does not compile: ${errors}`);
  }
  const suites = [...new Set(bugs.flatMap((bug) => bug.suites))];
  const [first] = copies;
  if (first === undefined) return;
  const { passed, red, broken } = await runSuites({
    ...{ folder: first.folder, suites, workers: copiesMax, bail: false, msMax: 4 * suiteMsMax },
  });
  if (red !== undefined) throw new Error(`the clean copy is red: ${red.file} ${red.name}`);
  if (broken !== undefined || passed === 0) throw new Error(`the clean copy is broken: ${broken}`);
}

async function judge(copy: TreeCopy, bug: PlantedBug): Promise<Verdict> {
  const begin = performance.now();
  const seconds = (): number => (performance.now() - begin) / 1_000;
  let restore: (() => void) | undefined;
  try {
    restore = copy.plant(bug);
    const errors = await typeErrors(copy.folder);
    if (errors !== '') throw new Error(`the patch does not compile: ${errors}`);
    const by = await firstRed(copy.folder, bug.suites);
    if (by !== undefined) return { found: true, by, seconds: seconds() };
    return { found: false, reason: 'every suite stayed green', seconds: seconds() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { found: false, reason, seconds: seconds() };
  } finally {
    restore?.();
  }
}

async function firstRed(folder: string, suites: readonly string[]): Promise<RedTest | undefined> {
  let problem: string | undefined;
  for (const suite of suites) {
    const options = { folder, suites: [suite], workers: 1, bail: true, msMax: suiteMsMax };
    const { red, broken } = await runSuites(options);
    if (red !== undefined) return red;
    problem ??= broken;
  }
  if (problem !== undefined) throw new Error(`no test was red, but one did not run: ${problem}`);
  return undefined;
}
