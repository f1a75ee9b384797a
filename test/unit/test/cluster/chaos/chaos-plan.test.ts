import { expect, it } from 'vitest';
import { Prng } from '../../../../../src/base/prng.ts';
import { chaosKinds, isOfLinks, planChaos } from '../../../../cluster/chaos/chaos-plan.ts';
import type { ChaosStep } from '../../../../cluster/chaos/chaos-plan.ts';

const plan = (seed: number, nodes = [1, 2, 3], ms = 600_000): readonly ChaosStep[] =>
  planChaos({ random: new Prng(seed), nodes, ms, kinds: chaosKinds });

const seeds = Array.from({ length: 15 }, (_, seed) => seed);

it('the same seed makes the same plan, another one another', () => {
  expect(plan(7)).toEqual(plan(7));
  expect(plan(7)).not.toEqual(plan(8));
});

it('every fault ends before the end, also in a short run', () => {
  for (const ms of [20_000, 600_000]) {
    const steps = seeds.flatMap((seed) => plan(seed, [1, 2, 3], ms));
    expect(steps.length).toBeGreaterThan(seeds.length);
    for (const { atMs, forMs } of steps) expect(atMs + forMs).toBeLessThanOrEqual(ms);
  }
});

it('a process has one trouble at a time', () => {
  for (const seed of seeds) {
    const until = new Map<number, number>();
    for (const { kind, node, atMs, forMs } of plan(seed).filter((step) => !isOfLinks(step.kind))) {
      expect(atMs, `${kind} of node ${node}, seed ${seed}`).toBeGreaterThan(until.get(node) ?? -1);
      until.set(node, atMs + forMs);
    }
  }
});

it('ten minutes have every kind, pauses of many seconds, and a kill every few seconds', () => {
  const steps = seeds.flatMap((seed) => plan(seed));
  for (const seed of seeds) {
    expect(new Set(plan(seed).map(({ kind }) => kind))).toEqual(new Set(chaosKinds));
  }
  const pauses = steps.filter(({ kind }) => kind === 'pause').map(({ forMs }) => forMs);
  expect(Math.min(...pauses)).toBeLessThan(2_000);
  expect(Math.max(...pauses)).toBeGreaterThan(45_000);
  expect(steps.length / seeds.length).toBeGreaterThan(100);
});

it('a cluster of one has no links to cut but those to its clients', () => {
  const kinds = new Set(seeds.flatMap((seed) => plan(seed, [1]).map(({ kind }) => kind)));
  expect([...kinds].toSorted()).toEqual(['kill', 'pause', 'slowDisk', 'stop', 'vanish']);
});
