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
    const [first] = copies;
    if (first === undefined) return;
    await checkClean(first, bugs);
    const faults = await typeFaults(first, bugs);
    const left = bugs.values();
    await Promise.all(
      copies.map(async (copy) => {
        for (const bug of left) judged(bug, await judge(copy, bug, faults.get(bug)));
      }),
    );
  } finally {
    for (const copy of copies) copy.remove();
  }
}

/** Without a bug all is green: what is red later is red because of it. */
async function checkClean({ folder }: TreeCopy, bugs: readonly PlantedBug[]): Promise<void> {
  const errors = await typeErrors(folder);
  if (errors !== '') throw new Error(`the clean copy does not compile: ${errors}`);
  const suites = [...new Set(bugs.flatMap((bug) => bug.suites))];
  const { passed, red, broken } = await runSuites({
    ...{ folder, suites, workers: copiesMax, bail: false, msMax: 4 * suiteMsMax },
  });
  if (red !== undefined) throw new Error(`the clean copy is red: ${red.file} ${red.name}`);
  if (broken !== undefined || passed === 0) throw new Error(`the clean copy is broken: ${broken}`);
}

/**
 * What the compiler says against patches, of those that do not compile. The compiler takes longer
 * than most suites, so patches of different files are tried together, and alone only where the
 * compiler refuses them together.
 */
async function typeFaults(
  copy: TreeCopy,
  bugs: readonly PlantedBug[],
): Promise<ReadonlyMap<PlantedBug, string>> {
  const faults = new Map<PlantedBug, string>();
  for (const together of roundsOf(bugs)) {
    if ((await typeErrorsWith(copy, together)) === '') continue;
    for (const bug of together) {
      const errors = await typeErrorsWith(copy, [bug]);
      if (errors !== '') faults.set(bug, errors);
    }
  }
  return faults;
}

async function typeErrorsWith(copy: TreeCopy, bugs: readonly PlantedBug[]): Promise<string> {
  const restores: (() => void)[] = [];
  try {
    for (const bug of bugs) restores.push(copy.plant(bug));
    return await typeErrors(copy.folder);
  } finally {
    for (const restore of restores) restore();
  }
}

/** All of them, in as few rounds as it takes to have one for a file in each. */
export function roundsOf(bugs: readonly PlantedBug[]): readonly (readonly PlantedBug[])[] {
  const rounds: PlantedBug[][] = [];
  const seen = new Map<string, number>();
  for (const bug of bugs) {
    const at = seen.get(bug.file) ?? 0;
    seen.set(bug.file, at + 1);
    (rounds[at] ??= []).push(bug);
  }
  return rounds;
}

async function judge(
  copy: TreeCopy,
  bug: PlantedBug,
  typeFault: string | undefined,
): Promise<Verdict> {
  const begin = performance.now();
  const seconds = (): number => (performance.now() - begin) / 1_000;
  let restore: (() => void) | undefined;
  try {
    if (typeFault !== undefined) throw new Error(`the patch does not compile: ${typeFault}`);
    restore = copy.plant(bug);
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
