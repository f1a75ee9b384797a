import { expect, test } from 'vitest';
import { offset } from '../../src/base/brand.ts';
import { ForwardWorld } from '../fakes/forward-world.ts';

test('a link that carries less than a whole transaction in a request timeout gets on', () => {
  const world = new ForwardWorld(31, { compression: 'none', batchBytesMax: 1_048_588 });
  world.createTopics(4, 4);
  for (let partition = 0; partition < 4; partition++) {
    for (let batch = 0; batch < 10; batch++) world.write(partition, 5, 40_000);
  }
  // 60 KB/s: four transactions of 2 MB each take two minutes, a request may take 15 s.
  world.centralBytesPerMs = 60;
  world.start('only');
  expect(world.run(1_200_000, () => world.isComplete)).toBe(true);
  for (const [partition, list] of world.written) expect(world.arrived(partition)).toEqual(list);
});

test('data refused for now is tried ever more seldom, although the claim succeeds each time', () => {
  const world = new ForwardWorld(32);
  world.createTopics(1, 1);
  world.central.refuseProduce = (topic) => (topic === 'target' ? 19 : 0);
  world.start('only');
  world.write(0, 3);
  world.run(120_000);
  expect(world.central.calls.get('InitProducerId')).toBeLessThan(60);
  world.central.refuseProduce = () => 0;
  expect(world.run(60_000, () => world.isComplete)).toBe(true);
});

test('asked to stop during a claim it ends behind it, with nothing to forward too', () => {
  const world = new ForwardWorld(33);
  world.createTopics(1, 1);
  const first = world.start('first');
  world.write(0, 3);
  expect(world.run(10_000, () => world.isComplete)).toBe(true);
  world.run(1_000);
  world.kill(first);
  const second = world.start('second');
  const before = world.central.calls.get('AddPartitionsToTxn') ?? 0;
  const isClaiming = (): boolean => world.central.calls.get('AddPartitionsToTxn') !== before;
  expect(world.run(10_000, isClaiming)).toBe(true);
  world.dispatch(second, { type: 'NodeSpoke', word: { type: 'StopRequested' } });
  expect(world.run(2_000, () => second.isFinished)).toBe(true);
  expect(world.central.transactions.openCount).toBe(0);
});

test('--from OFFSET inside a batch forwards nothing of what lies before', () => {
  const world = new ForwardWorld(34);
  world.createTopics(1, 1);
  const first = world.start('only');
  world.write(0, 10);
  expect(world.run(10_000, () => world.isComplete)).toBe(true);
  world.run(1_000);
  const list = world.written.get(0) ?? [];
  world.decision = { decisionId: 'd', from: offset(world.edge.log('sensors', 0).endOffset - 4) };
  world.describe(first);
  world.run(10_000);
  expect(world.arrived(0)).toEqual([...list, ...list.slice(6)]);
});
