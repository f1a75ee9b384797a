import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runGroup } from './run-group.ts';

const usage = `npm run sim -- [--seeds N] [--seed S] [--minutes M]

Simulates replicated partitions: votes, fetches, truncation, in-sync sets and witnesses, over a
network and disks that fail. Not yet the whole node.

  --seeds N     so many seeds, beside those kept in seeds.txt (default 100)
  --first S     the first of them (default 1)
  --seed S      this one alone
  --minutes M   simulated time with faults (default 10); then all heals and must go on
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    help: { type: 'boolean' },
  },
});

const kept = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\d+/.test(line))
  .map((line) => Number.parseInt(line, 10));

const seeds =
  values.seed === undefined
    ? [...kept, ...Array.from({ length: Number(values.seeds) }, (_, i) => Number(values.first) + i)]
    : [Number(values.seed)];

if (values.help === true) process.stdout.write(usage);
else {
  let failed = 0;
  let acknowledged = 0;
  const start = performance.now();
  for (const seed of seeds) {
    try {
      const run = runGroup(seed, Number(values.minutes));
      acknowledged += run.acknowledged;
      if (seeds.length === 1) process.stdout.write(`${JSON.stringify(run)}\n`);
    } catch (error) {
      failed++;
      const text = error instanceof Error ? error.message : String(error);
      process.stdout.write(`seed ${seed}: ${text}\n`);
    }
  }
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  process.stdout.write(
    `${seeds.length - failed} of ${seeds.length} seeds held, ` +
      `${acknowledged} records acknowledged, ${seconds} s\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}
