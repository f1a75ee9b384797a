import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { chosenSeeds, countOf } from '../chosen-seeds.ts';
import { named } from '../named.ts';
import { clusterBugs } from './cluster-bugs.ts';
import { huntClusterBugs } from './cluster-hunt.ts';
import { ClusterTally } from './cluster-tally.ts';
import { runCluster } from './run-cluster.ts';

const usage = `npm run sim:nodes -- [--seeds N] [--first S] [--seed S] [--minutes M] [--stop]
                     [--trace]
npm run sim:nodes -- --bugs [--only NAME[,NAME]] [--seeds N] [--first S] [--minutes M]

Simulates whole clusters: every node's core, executor and log on a disk that fails, links that are
cut and slow, clocks that drift, sensors that go from node to node. Checks after each turn that no
leader epoch has two leaders, that leaders have all that is committed, that it never changes, that
what is acknowledged is in it, once where that was promised, and in order; at the end all heals and
everything must arrive.

  --seeds N     so many seeds, beside those kept in seeds.txt (default 20)
  --first S     the first of them (default 1); then those of seeds.txt are left out
  --seed S      this one alone
  --minutes M   simulated time with faults (default 1); then all heals and must go on
  --stop        at the first seed that fails
  --trace       says what happens, with --seed
  --bugs        plants known mistakes in a copy of the tree instead, one by one, and says how many
                seeds each needs until it is found
  --only NAME[,NAME]   these bugs
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    first: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    stop: { type: 'boolean', default: false },
    bugs: { type: 'boolean', default: false },
    only: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const keptSeeds = new URL('seeds.txt', import.meta.url);

/** More of them are told together. */
const seedsInFull = 20;

async function runAll(seeds: readonly number[]): Promise<number> {
  const tally = new ClusterTally();
  const start = performance.now();
  for (const seed of seeds) {
    try {
      const run = await runCluster(seed, Number(values.minutes), values.trace ? say : undefined);
      tally.add(run);
      if (seeds.length <= seedsInFull) say(JSON.stringify(run));
      else if (tally.held % seedsInFull === 0) say(`${tally.held} held so far`);
    } catch (error) {
      tally.failed++;
      say(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      if (values.trace && error instanceof Error) say(error.stack ?? '');
      if (values.stop) break;
    }
  }
  for (const line of tally.lines((performance.now() - start) / 1_000)) say(line);
  return tally.failed === 0 ? 0 : 1;
}

async function huntAll(): Promise<number> {
  const bugs = named(clusterBugs, values.only);
  const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
  const { minutes } = values;
  let missed = 0;
  const options = {
    ...{ bugs, minutes, seedsMax: countOf('seeds', values.seeds) },
    firstSeed: countOf('first', values.first ?? '1'),
  };
  await huntClusterBugs(root, options, ({ bug, seedsNeeded, text }) => {
    if (seedsNeeded === undefined) missed++;
    const verdict = seedsNeeded === undefined ? 'MISSED' : `after ${seedsNeeded} seeds`;
    say(`${bug.rule.padEnd(3)} ${bug.name.padEnd(36)} ${verdict.padEnd(16)} ${text}`);
  });
  say(`${bugs.length - missed} of ${bugs.length} bugs found`);
  return missed === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(usage);
else
  process.exitCode = values.bugs ? await huntAll() : await runAll(chosenSeeds(values, keptSeeds));
