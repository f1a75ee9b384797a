import { expect, test } from 'vitest';
import type { Fault } from '../fakes/forward-world.ts';
import { ForwardWorld } from '../fakes/forward-world.ts';

/** Lost requests, lost replies and stalls on every kind of request, a broker restart and kills. */
function runWithFaults(seed: number): ForwardWorld {
  const world = new ForwardWorld(seed);
  world.createTopics(3, 2);
  const fault = (): Fault => {
    if (world.prng.chance(0.03)) return 'lose';
    if (world.prng.chance(0.03)) return 'loseReply';
    return world.prng.chance(0.01) ? { stallMs: world.prng.below(30_000) } : 'none';
  };
  world.fault = fault;
  let running = world.start('first');
  for (let round = 0; round < 40; round++) {
    const partition = world.prng.below(3);
    const padding = world.prng.chance(0.2) ? 3_000 : world.prng.below(40);
    world.write(partition, 1 + world.prng.below(6), padding);
    if (world.prng.chance(0.1)) world.breakCentral([running]);
    if (world.prng.chance(0.08)) {
      world.kill(running);
      for (let p = 0; p < 3; p++) world.lead(p);
      running = world.start(`round ${round}`);
    }
    world.run(world.prng.below(1_500));
  }
  world.fault = () => 'none';
  world.run(400_000, () => world.isComplete);
  world.run(5_000);
  return world;
}

test.each(Array.from({ length: 25 }, (_, index) => index + 1))(
  'seed %i: each record once and in order for a read_committed reader',
  (seed) => {
    const world = runWithFaults(seed);
    for (const [partition, list] of world.written) {
      expect(world.arrived(partition)).toEqual(list);
    }
  },
);

test('central is away during the whole load, then everything arrives once', () => {
  const world = new ForwardWorld(5);
  world.createTopics(2, 2);
  world.isCentralUp = false;
  const running = world.start('only');
  for (let round = 0; round < 200; round++) {
    world.write(round % 2, 5);
    world.run(300);
  }
  expect(running.statuses.map((status) => status.state)).toEqual(['waiting', 'waiting']);
  world.isCentralUp = true;
  expect(world.run(60_000, () => world.isComplete)).toBe(true);
  for (const [partition, list] of world.written) expect(world.arrived(partition)).toEqual(list);
});
