import { expect, test } from 'vitest';
import { ClusterTally } from './cluster-tally.ts';
import { runCluster } from './run-cluster.ts';

const seeds = Array.from({ length: 8 }, (_, i) => i + 1);

test('whole clusters keep what they acknowledged, whatever breaks', async () => {
  const tally = new ClusterTally();
  for (const seed of seeds) {
    try {
      tally.add(await runCluster(seed, 1));
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  expect(tally.sum('acknowledged')).toBeGreaterThan(400 * seeds.length);
  expect(tally.sum('kills')).toBeGreaterThan(seeds.length / 2);
  expect(tally.sum('powerCuts')).toBeGreaterThan(seeds.length / 4);
});

test('the same seed gives the same run of a whole cluster', async () => {
  const first = await runCluster(3, 0.3);
  expect(await runCluster(3, 0.3)).toEqual(first);
});
