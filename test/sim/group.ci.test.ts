import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hunt, type Hunt } from './hunt.ts';
import { runGroup } from './run-group.ts';
import { runSeeds } from './run-seeds.ts';
import { simBugs } from './sim-bugs.ts';

const seeds = Array.from({ length: 60 }, (_, i) => i + 1);

test('a replicated partition keeps what it acknowledged, whatever breaks', async () => {
  const failures: string[] = [];
  const results = await runSeeds(seeds, {
    ...{ minutes: 1, workers: 2, stops: false },
    done: ({ seed, failure }) => {
      if (failure !== undefined) failures.push(`seed ${seed}: ${failure.text}`);
    },
  });
  expect(failures).toEqual([]);
  const acknowledged = results.reduce((sum, { run }) => sum + (run?.acknowledged ?? 0), 0);
  expect(acknowledged).toBeGreaterThan(100 * seeds.length);
});

test('the same seed gives the same trace, another one another', () => {
  const hashes = seeds.slice(0, 5).map((seed) => {
    const [first, again] = [runGroup(seed, 1), runGroup(seed, 1)];
    expect(again).toEqual(first);
    return first.hash;
  });
  expect(new Set(hashes).size).toBe(hashes.length);
});

/** Some that few seeds find, each by another invariant; `npm run sim -- --bugs` has them all. */
const quick = [
  'half-of-an-even-set-elects',
  'leader-counts-before-its-fsync',
  'vote-told-before-it-is-durable',
  'watermark-follows-any-answer',
  'witness-offered-everything',
  'late-watermark',
];

test('planted mistakes are found by their seeds', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  const bugs = simBugs.filter(({ name }) => quick.includes(name));
  expect(bugs).toHaveLength(quick.length);
  const hunts: Hunt[] = [];
  await hunt(root, { bugs, minutes: '2', hunts: 1, firstSeed: 1 }, (one) => hunts.push(one));
  expect(hunts.filter(({ invariants }) => invariants.length === 0)).toEqual([]);
  expect(new Set(hunts.flatMap(({ invariants }) => invariants)).size).toBeGreaterThanOrEqual(5);
});
