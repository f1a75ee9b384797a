import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { hunt, median, seedsMax } from './hunt.ts';
import { runGroup } from './run-group.ts';
import { simBugs } from './sim-bugs.ts';

const usage = `npm run sim -- [--seeds N] [--first S] [--seed S] [--minutes M] [--stop] [--trace]
npm run sim -- --bugs [--only NAME[,NAME]] [--minutes M]

Simulates replicated partitions: votes, fetches, truncation, resets, in-sync sets, witnesses and
voter changes, over a network and disks that fail. Whole nodes: npm run sim:nodes.

  --seeds N     so many seeds, beside those kept in seeds.txt (default 100)
  --first S     the first of them (default 1); then those of seeds.txt are left out
  --seed S      this one alone
  --minutes M   simulated time with faults (default 10); then all heals and must go on
  --stop        at the first seed that fails
  --trace       says what happens, with --seed
  --bugs        plants known mistakes in copies of the tree instead, and says how many seeds each
                needs until it is found (three hunts of 50 seeds at most, of --minutes 2)
  --only NAME[,NAME]   these bugs
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    only: { type: 'string' },
    stop: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const kept = (): number[] =>
  readFileSync(new URL('seeds.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => /^\d+/.test(line))
    .map((line) => Number.parseInt(line, 10));

function chosen(): number[] {
  if (values.seed !== undefined) return [Number(values.seed)];
  const first = Number(values.first ?? 1);
  const range = Array.from({ length: Number(values.seeds) }, (_, i) => first + i);
  return values.first === undefined ? [...kept(), ...range] : range;
}

function runAll(seeds: readonly number[]): number {
  let [held, failed, acknowledged, simulatedMs] = [0, 0, 0, 0];
  const start = performance.now();
  for (const seed of seeds) {
    try {
      const run = runGroup(seed, Number(values.minutes ?? 10), values.trace ? say : undefined);
      held++;
      acknowledged += run.acknowledged;
      simulatedMs += run.simulatedMs;
      if (seeds.length === 1) say(JSON.stringify(run));
    } catch (error) {
      failed++;
      say(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      if (values.stop) break;
    }
  }
  const seconds = (performance.now() - start) / 1_000;
  const speed = (simulatedMs / 60_000 / seconds).toFixed(0);
  say(
    `${held} of ${held + failed} seeds held, ${acknowledged} records acknowledged, ` +
      `${seconds.toFixed(1)} s, ${speed} simulated minutes a second`,
  );
  return failed === 0 ? 0 : 1;
}

async function huntAll(): Promise<number> {
  const only = values.only?.split(',');
  const bugs = simBugs.filter(({ name }) => only?.includes(name) !== false);
  const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  let missed = 0;
  await hunt(root, { bugs, minutes: values.minutes ?? '2' }, ({ bug, needed, text }) => {
    const isFound = median(needed) <= seedsMax;
    if (!isFound) missed++;
    const counts = needed.map((seeds) => (seeds > seedsMax ? `>${seedsMax}` : String(seeds)));
    const verdict = isFound ? 'found ' : 'MISSED';
    say(`${verdict} ${bug.rule.padEnd(3)} ${bug.name.padEnd(36)} ${counts.join(' ')}  ${text}`);
  });
  say(`${bugs.length - missed} of ${bugs.length} bugs found within ${seedsMax} seeds (median)`);
  return missed === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(usage);
else process.exitCode = values.bugs ? await huntAll() : runAll(chosen());
