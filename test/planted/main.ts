import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allBugs } from './all-bugs.ts';
import { runGate } from './gate.ts';
import type { Verdict } from './gate.ts';
import type { PlantedBug } from './planted-bug.ts';

const usage = `npm run planted -- [--only NAME[,NAME]] [--list]

Plants each bug of test/planted in a copy of the tree; the suites must find it.
`;

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const chosen = (): readonly PlantedBug[] => {
  if (values.only === undefined) return allBugs;
  return values.only.split(',').map((name) => {
    const bug = allBugs.find((one) => one.name === name);
    if (bug === undefined) throw new Error(`there is no planted bug ${name}; see --list`);
    return bug;
  });
};

const describe = ({ name, rule, why }: PlantedBug): string =>
  `${rule.padEnd(4)} ${name.padEnd(34)} ${why}`;

const judged = ({ name, rule, why }: PlantedBug, verdict: Verdict): void => {
  const told = `${rule.padEnd(4)} ${name.padEnd(34)} ${verdict.seconds.toFixed(1).padStart(5)} s  `;
  if (verdict.found) say(`found   ${told}${verdict.by.file}: ${verdict.by.name}`);
  else say(`MISSED  ${told}${why}: ${verdict.reason.slice(0, 500)}`);
};

const gate = async (): Promise<number> => {
  const bugs = chosen();
  let found = 0;
  const begin = performance.now();
  await runGate(root, bugs, (bug, verdict) => {
    if (verdict.found) found++;
    judged(bug, verdict);
  });
  const seconds = Math.round((performance.now() - begin) / 1_000);
  say(`${found} of ${bugs.length} found, in ${seconds} s`);
  const countsFile = process.env['SHORELOG_COUNTS'];
  if (countsFile !== undefined) {
    const counts = { passed: found, failed: bugs.length - found, skipped: 0 };
    appendFileSync(countsFile, `${JSON.stringify(counts)}\n`);
  }
  return found === bugs.length ? 0 : 1;
};

if (values.help === true) process.stdout.write(usage);
else if (values.list === true) for (const bug of allBugs) say(describe(bug));
else {
  try {
    process.exitCode = await gate();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
