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

test('batches that are too large for central are rebuilt smaller, once and for all', () => {
  const world = new ForwardWorld(35, { compression: 'none', batchBytesMax: 1_048_588 });
  world.createTopics(1, 1);
  world.central.refuseProduce = (topic, _, bytes) => (topic === 'target' && bytes > 9_000 ? 10 : 0);
  const only = world.start('only');
  const states = new Set<string>();
  for (let batch = 0; batch < 6; batch++) world.write(0, 20, 2_000);
  const isComplete = (): boolean => {
    states.add(only.statuses[0]?.state ?? '');
    return world.isComplete;
  };
  expect(world.run(60_000, isComplete)).toBe(true);
  expect(world.arrived(0)).toEqual(world.written.get(0));
  expect(states).not.toContain('blocked');
  // One claim, and one for each time that the batches were halved.
  expect(world.central.calls.get('InitProducerId')).toBeLessThan(8);
});

test.each([
  [10, /offsets 21 to 21 here, a record of \d+ bytes.*max\.message/],
  [-1, /offsets 21 to 21 here.*forward --from 22/],
])('what central refuses with %i blocks its partition alone', (code, explained) => {
  const world = new ForwardWorld(36, { compression: 'none' });
  world.createTopics(2, 2);
  world.central.refuseProduce = (topic, partition, bytes) =>
    topic === 'target' && partition === 0 && bytes > 9_000 ? code : 0;
  const only = world.start('only');
  world.write(0, 20, 100);
  world.write(0, 1, 10_000);
  world.write(1, 50, 1_000);
  world.run(60_000);
  expect(world.arrived(0)).toHaveLength(20);
  expect(world.arrived(1)).toHaveLength(50);
  const [blocked] = only.statuses.filter(({ partition }) => partition === 0);
  expect(blocked?.state).toBe('blocked');
  expect(blocked?.lastError).toMatch(explained);
  world.central.refuseProduce = () => 0;
  expect(world.run(200_000, () => world.isComplete)).toBe(true);
});

test('a forwarder that starts while central is away says how far behind its node is', () => {
  const world = new ForwardWorld(37);
  world.createTopics(1, 1);
  const first = world.start('first');
  world.write(0, 5);
  expect(world.run(10_000, () => world.isComplete)).toBe(true);
  world.run(1_000);
  world.kill(first);
  world.isCentralUp = false;
  const second = world.start('second');
  for (const lag of [3, 6]) {
    world.write(0, 3);
    world.run(60_000);
    expect(second.statuses[0]).toMatchObject({ state: 'waiting', forwardOffset: 6, lag });
  }
});
