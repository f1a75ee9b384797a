import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { chosenSeeds, countOf } from './chosen-seeds.ts';
import { coverageOf } from './coverage.ts';
import { hunt, median, seedsMax, type Hunt } from './hunt.ts';
import { invariantNames } from './invariants/invariant-names.ts';
import { named } from './named.ts';
import { runSeeds } from './run-seeds.ts';
import { simBugs } from './sim-bugs.ts';

const usage = `npm run sim -- [--seeds N] [--first S] [--seed S] [--minutes M] [--workers W]
npm run sim -- --seed S --trace
npm run sim -- --bugs [--only NAME[,NAME]] [--minutes M] [--hunts H] [--first S]

Simulates replicated partitions: votes, fetches, truncation, resets, in-sync sets, witnesses and
voter changes, over a network, clocks and disks that fail. Whole nodes: npm run sim:nodes.

  --seeds N     so many seeds, beside those kept in seeds.txt (default 100)
  --first S     the first of them (default 1); then those of seeds.txt are left out
  --seed S      this one alone
  --minutes M   simulated time with faults (default 10); then all heals and must go on
  --workers W   processes (default: one for each core, at most 4)
  --stop        at the first seed that fails
  --check NAME  this invariant alone, here in the process (with --seed or --first)
  --trace       says what happens, with --seed
  --bugs        plants known mistakes in copies of the tree instead, and says how many seeds each
                needs until it is found (hunts of 50 seeds at most, of --minutes 2)
  --hunts H     so many hunts for each of them (default 3); the first one begins at --first,
                each other one 10,000 seeds further on
  --only NAME[,NAME]   these bugs
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    workers: { type: 'string' },
    hunts: { type: 'string', default: '3' },
    bugs: { type: 'boolean', default: false },
    only: { type: 'string' },
    check: { type: 'string' },
    stop: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const keptSeeds = new URL('seeds.txt', import.meta.url);

async function runAll(seeds: readonly number[]): Promise<number> {
  const { check } = values;
  if (check !== undefined && !invariantNames.some((name) => name === check)) {
    throw new Error(`--check ${check} is none of ${invariantNames.join(', ')}`);
  }
  const start = performance.now();
  const results = await runSeeds(seeds, {
    minutes: Number(values.minutes ?? 10),
    check: values.check,
    workers:
      values.trace || values.check !== undefined
        ? 1
        : Number(values.workers ?? Math.min(availableParallelism(), 4)),
    stops: values.stop,
    trace: values.trace ? say : undefined,
    done: ({ seed, failure }) => {
      if (failure !== undefined) say(`seed ${seed}: ${failure.text}`);
    },
  });
  const seconds = (performance.now() - start) / 1_000;
  const runs = results.flatMap(({ run }) => run ?? []);
  if (seeds.length === 1) for (const run of runs) say(JSON.stringify(run));
  const { lines, missing } = coverageOf(runs);
  if (seeds.length >= 100) for (const line of lines) say(line);
  const acknowledged = runs.reduce((sum, run) => sum + run.acknowledged, 0);
  const minutes = runs.reduce((sum, run) => sum + run.simulatedMs, 0) / 60_000;
  const hash = runs.reduce((folded, run) => (Math.imul(folded, 31) + run.hash) | 0, 0);
  say(
    `${runs.length} of ${results.length} seeds held, ${acknowledged} records acknowledged, ` +
      `${minutes.toFixed(0)} simulated minutes in ${seconds.toFixed(1)} s, ` +
      `trace hash ${(hash >>> 0).toString(16)}`,
  );
  // So many seeds have everything, or the generator has lost something.
  const isCovered = seeds.length < 500 || missing.length === 0;
  if (!isCovered) say(`no seed had: ${missing.join('; ')}`);
  return runs.length === results.length && isCovered ? 0 : 1;
}

function tell({ bug, needed, text }: Hunt): void {
  const counts = needed.map((seeds) => (seeds > seedsMax ? `>${seedsMax}` : String(seeds)));
  const verdict = median(needed) <= seedsMax ? 'found ' : 'MISSED';
  say(`${verdict} ${bug.rule.padEnd(3)} ${bug.name.padEnd(36)} ${counts.join(' ')}  ${text}`);
}

async function huntAll(): Promise<number> {
  const bugs = named(simBugs, values.only);
  const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  const hunts: Hunt[] = [];
  const options = {
    ...{ bugs, minutes: values.minutes ?? '2', hunts: Number(values.hunts) },
    firstSeed: countOf('first', values.first ?? '1'),
  };
  const start = performance.now();
  await hunt(root, options, (one) => {
    hunts.push(one);
    tell(one);
  });
  const found = hunts.filter(({ needed }) => median(needed) <= seedsMax).length;
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  say(`${found} of ${bugs.length} bugs found within ${seedsMax} seeds (median), in ${seconds} s`);
  const red = new Set(hunts.flatMap(({ invariants }) => invariants));
  const green = invariantNames.filter((name) => !red.has(name));
  if (values.only === undefined && green.length > 0) say(`no bug broke: ${green.join(', ')}`);
  return found === bugs.length && (values.only !== undefined || green.length === 0) ? 0 : 1;
}

if (values.help) process.stdout.write(usage);
else process.exitCode = await (values.bugs ? huntAll() : runAll(chosenSeeds(values, keptSeeds)));
