import { expect, test } from 'vitest';
import type { RunningForwarder } from '../fakes/forward-world.ts';
import { ForwardWorld } from '../fakes/forward-world.ts';

const stateOf = (running: RunningForwarder): string | undefined => running.statuses[0]?.state;
const inits = (world: ForwardWorld): number => world.central.calls.get('InitProducerId') ?? 0;

/** Two nodes; the first leads one partition, has forwarded a little and has more. */
function twoNodes(seed: number) {
  const world = new ForwardWorld(seed);
  world.createTopics(1, 1);
  world.addNode(2);
  const first = world.start('first', 1);
  const second = world.start('second', 2);
  world.write(0, 5);
  world.run(5_000, () => world.isComplete);
  expect(world.arrived(0)).toEqual(world.written.get(0));
  return { world, first, second };
}

test('X2: a node forwards what it leads, and its successor goes on where it stood', () => {
  const { world, first, second } = twoNodes(51);
  expect(second.statuses).toEqual([]);
  for (let round = 0; round < 6; round++) {
    const leader = round % 2 === 0 ? 2 : 1;
    world.elect(leader, 0);
    world.describe(first);
    world.describe(second);
    world.write(0, 4, 0, leader);
    expect(world.run(10_000, () => world.isComplete)).toBe(true);
  }
  world.run(10_000);
  expect(world.arrived(0)).toEqual(world.written.get(0));
  expect(stateOf(first)).toBe('idle');
  expect(second.statuses).toEqual([]);
});

test('X2: a deposed forwarder whose EndTxn arrives late doubles nothing', () => {
  const { world, first, second } = twoNodes(52);
  let isLate = true;
  world.fault = (name) => (name === 'EndTxn' && isLate ? { heldUntil: () => !isLate } : 'none');
  world.write(0, 5);
  world.run(3_000);
  world.fault = () => 'none';
  world.elect(2, 0);
  world.describe(second);
  const seen = inits(world);
  world.run(10_000, () => inits(world) > seen);
  world.run(20);
  isLate = false;
  world.describe(first);
  world.write(0, 5, 0, 2);
  expect(world.run(30_000, () => world.isComplete)).toBe(true);
  world.run(10_000);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

test('X2: who does not know that it is deposed reads the later claim and stands down', () => {
  const { world, first, second } = twoNodes(53);
  world.elect(2, 0, false);
  world.describe(second);
  world.run(3_000);
  expect(stateOf(second)).toBe('idle');
  // Its link to central was cut meanwhile: it begins from the top, and fences its successor.
  world.breakCentral([first]);
  world.write(0, 3, 0, 1);
  world.written.get(0)?.splice(-3);
  expect(world.run(4_000, () => stateOf(first) === 'fenced')).toBe(true);
  expect(first.statuses[0]?.lastError).toContain('leader epoch 2');
  // Its node hears of it; the pause ends and it does not come back.
  world.nodes.get(1)?.log('sensors', 0).follow(nodeLog(world, 2));
  const seen = inits(world);
  world.write(0, 3, 0, 2);
  expect(world.run(60_000, () => world.isComplete)).toBe(true);
  world.run(60_000);
  expect(inits(world)).toBeLessThanOrEqual(seen + 2);
  world.describe(first);
  expect(first.statuses).toEqual([]);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

test('X2: two copies of one cluster in different leader epochs do not fight for ever', () => {
  const { world, first, second } = twoNodes(54);
  world.elect(2, 0, false);
  world.describe(second);
  world.run(3_000);
  // Records that only the older copy has are nobody's.
  world.write(0, 1, 0, 1);
  world.written.get(0)?.pop();
  // The older copy goes on leading: it is stopped, and the newer one has central to itself.
  expect(world.run(120_000, () => stateOf(first) === 'stopped')).toBe(true);
  expect(first.statuses[0]?.lastError).toContain(
    'decide with: shorelog forward --topic TOPIC --partition N --from',
  );
  world.run(60_000);
  world.write(0, 4, 0, 2);
  expect(world.run(60_000, () => world.isComplete)).toBe(true);
  const seen = inits(world);
  world.write(0, 4, 0, 2);
  world.run(60_000);
  expect(inits(world)).toBe(seen);
  expect(world.arrived(0)).toEqual(world.written.get(0));
  // Elected again, in a leader epoch that nobody has claimed in, it goes on by itself.
  world.elect(1, 0);
  world.describe(first);
  world.describe(second);
  world.write(0, 4, 0, 1);
  expect(world.run(60_000, () => world.isComplete)).toBe(true);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

test('X1: a fresh leader is waited for until its LeaderChange is committed', () => {
  const { world, first, second } = twoNodes(55);
  const log = nodeLog(world, 2);
  world.elect(2, 0);
  log.isEpochCommitted = false;
  world.describe(first);
  world.describe(second);
  world.run(5_000);
  expect(second.statuses).toEqual([]);
  log.isEpochCommitted = true;
  world.describe(second);
  // Told too early, or deposed and elected again meanwhile: it asks, and waits.
  log.isEpochCommitted = false;
  world.write(0, 2, 0, 2);
  world.run(5_000);
  expect(stateOf(second)).toBe('waiting');
  expect(world.isComplete).toBe(false);
  log.isEpochCommitted = true;
  expect(world.run(30_000, () => world.isComplete)).toBe(true);
});

test('X1: a cursor above the high watermark of a leader that is committed stops it', () => {
  const { world, first, second } = twoNodes(56);
  const log = nodeLog(world, 2);
  world.elect(2, 0);
  // A log that lost its tail: nothing that a majority had can be missing.
  log.batches.splice(1);
  world.describe(first);
  world.describe(second);
  expect(world.run(10_000, () => stateOf(second) === 'stopped')).toBe(true);
  expect(second.statuses[0]?.lastError).toContain('it is not the log that was forwarded');
});

test('X1: what a predecessor forwards while its successor takes over is within the log', () => {
  const world = new ForwardWorld(57);
  world.createTopics(1, 1);
  world.start('orphan');
  world.run(3_000);
  // The successor has seen the log's end; then more is written, and the orphan commits it.
  world.fault = (name) => (name === 'InitProducerId' ? { stallMs: 3_000 } : 'none');
  const successor = world.start('successor');
  world.run(500);
  world.write(0, 3);
  expect(world.run(2_000, () => world.isComplete)).toBe(true);
  world.fault = () => 'none';
  expect(world.run(10_000, () => stateOf(successor) === 'idle')).toBe(true);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

function nodeLog(world: ForwardWorld, nodeId: number) {
  const node = world.nodes.get(nodeId);
  if (node === undefined) throw new Error(`no node ${nodeId}`);
  return node.log('sensors', 0);
}
