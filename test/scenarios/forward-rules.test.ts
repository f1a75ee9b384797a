import { expect, test } from 'vitest';
import { offset } from '../../src/base/brand.ts';
import { limits } from '../../src/base/limits.ts';
import { ForwardWorld } from '../fakes/forward-world.ts';
import type { RunningForwarder } from '../fakes/forward-world.ts';
import { decodeGap } from '../../src/wire/state/state-codec.ts';

const stateOf = (running: RunningForwarder, partition = 0): string | undefined =>
  running.statuses.find((status) => status.partition === partition)?.state;
const errorOf = (running: RunningForwarder, partition = 0): string =>
  running.statuses.find((status) => status.partition === partition)?.lastError ?? '';

/** One edge partition whose first records have arrived. */
function forwarded(seed: number): { world: ForwardWorld; running: RunningForwarder } {
  const world = new ForwardWorld(seed);
  world.createTopics(1, 1);
  const running = world.start('first');
  for (let round = 0; round < 3; round++) {
    world.write(0, 4, 20);
    world.run(1_000);
  }
  expect(world.isComplete).toBe(true);
  return { world, running };
}

test('X1: another log with the same identity stops and names both batches', () => {
  const { world, running } = forwarded(1);
  world.kill(running);
  const log = world.edge.log('sensors', 0);
  log.batches.length = 0;
  world.lead(0);
  for (let round = 0; round < 9; round++) world.write(0, 4, 33);
  const second = world.start('restored');
  world.run(20_000);
  expect(stateOf(second)).toBe('stopped');
  expect(errorOf(second)).toMatch(/names the batch at \d+ .*this node has/);
  expect(world.arrived(0)).toHaveLength(12);
});

test.each([255, 256])('a cluster id of central that is no id blocks: %i bytes', (bytes) => {
  const world = new ForwardWorld(1, {}, 'c'.repeat(bytes));
  world.createTopics(1, 1);
  world.write(0, 4, 20);
  const running = world.start('first');
  world.run(2_000);
  const isTaken = bytes <= limits.centralClusterIdBytesMax;
  expect(world.isComplete).toBe(isTaken);
  if (isTaken) return;
  expect(stateOf(running)).toBe('blocked');
  expect(errorOf(running)).toContain('255 bytes');
});

test('X1: a backup that ends below the cursor stops', () => {
  const { world, running } = forwarded(2);
  world.kill(running);
  const log = world.edge.log('sensors', 0);
  log.batches.length = 2;
  world.lead(0);
  const second = world.start('backup');
  world.run(20_000);
  expect(stateOf(second)).toBe('stopped');
  expect(errorOf(second)).toMatch(/ends at/);
});

test('X1: the cursor topic lost its cursor: stop, never again from the start', () => {
  const { world, running } = forwarded(3);
  world.kill(running);
  world.central.topics.delete('cursors');
  world.central.createTopic('cursors', 3);
  const second = world.start('second');
  world.run(20_000);
  expect(stateOf(second)).toBe('stopped');
  expect(errorOf(second)).toMatch(/has no cursor/);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

test('X1: an operator decides, once, and the node hears of it', () => {
  const { world, running } = forwarded(4);
  world.kill(running);
  world.decision = { decisionId: 'd1', from: 'start' };
  const second = world.start('second');
  world.run(20_000);
  const told = second.heard.filter((word) => word.type === 'ForwardDecisionApplied');
  expect(told).toMatchObject([{ decisionId: 'd1', partition: 0 }]);
  const list = world.written.get(0) ?? [];
  expect(world.arrived(0)).toEqual([...list, ...list]);
  // The node did not hear it: the cursor remembers, and the decision is reported again, not applied
  // again.
  world.kill(second);
  const third = world.start('third');
  world.run(20_000);
  expect(third.heard.some((word) => word.type === 'ForwardDecisionApplied')).toBe(true);
  expect(world.arrived(0)).toEqual([...list, ...list]);
});

test('X2: a cursor of a higher leader epoch stands the older one down', () => {
  const { world, running } = forwarded(5);
  const log = world.edge.log('sensors', 0);
  world.kill(running);
  log.leaderEpoch = 0;
  const older = world.start('older');
  world.run(20_000);
  expect(stateOf(older)).toBe('stopped');
  expect(errorOf(older)).toMatch(/leader epoch 1, this node is at 0/);
});

test('X5: a committed drop is jumped, and told in the same transaction', () => {
  const { world, running } = forwarded(6);
  world.kill(running);
  const mark = world.marks.get(0);
  for (let round = 0; round < 3; round++) world.write(0, 2);
  const log = world.edge.log('sensors', 0);
  const to = log.endOffset - 2;
  log.deleteBefore(to);
  const from = mark?.forwardOffset ?? offset(0);
  const unexplained = world.start('unexplained');
  world.run(20_000);
  expect(stateOf(unexplained)).toBe('stopped');
  const lastForwarded = mark?.lastForwarded;
  world.drops.set(0, [
    {
      from,
      to: offset(to),
      reason: 'disk full',
      count: 4,
      ...(lastForwarded && { lastForwarded }),
    },
  ]);
  world.describe(unexplained);
  world.run(20_000);
  const list = world.written.get(0) ?? [];
  expect(world.arrived(0)).toEqual([...list.slice(0, 12), ...list.slice(16)]);
  const cursors = (world.central.topics.get('cursors')?.logs ?? []).flatMap((one) =>
    one.committed(),
  );
  const gap = cursors.findIndex((record) => record.key.endsWith(`/gap/${from}`));
  expect(gap).toBeGreaterThan(0);
  expect(cursors[gap + 1]?.key).toBe(cursors[0]?.key);
});

test('X5: a drop of what rot had taken is told too, though nobody could count it', () => {
  const { world, running } = forwarded(29);
  world.kill(running);
  const mark = world.marks.get(0);
  const lastForwarded = mark?.lastForwarded;
  if (mark === undefined || lastForwarded === undefined) throw new Error('nothing was forwarded');
  for (let round = 0; round < 3; round++) world.write(0, 2);
  const log = world.edge.log('sensors', 0);
  const [from, to] = [mark.forwardOffset, offset(log.endOffset - 2)];
  log.deleteBefore(to);
  world.drops.set(0, [{ from, to, reason: 'diskFull', count: 0, lastForwarded }]);
  world.start('second');
  world.run(20_000);
  const list = world.written.get(0) ?? [];
  expect(world.arrived(0)).toEqual([...list.slice(0, 12), ...list.slice(16)]);
  const gaps = (world.central.topics.get('cursors')?.logs ?? [])
    .flatMap((one) => one.committed())
    .filter((record) => record.key.endsWith(`/gap/${from}`));
  expect(gaps).toHaveLength(1);
});

test('X5: what rot has taken is jumped, and told before the cursor that jumps it', () => {
  const { world, running } = forwarded(26);
  world.kill(running);
  const log = world.edge.log('sensors', 0);
  const first = log.batches.length;
  for (let round = 0; round < 5; round++) world.write(0, 2);
  const rotten = log.batches.splice(first + 1, 2);
  const [from, to] = [rotten[0]?.header.baseOffset, (rotten[1]?.header.lastOffset ?? 0) + 1];
  const second = world.start('second');
  world.run(20_000);
  expect(stateOf(second)).toBe('idle');
  const list = world.written.get(0) ?? [];
  expect(world.arrived(0)).toEqual([...list.slice(0, 14), ...list.slice(18)]);
  const cursors = (world.central.topics.get('cursors')?.logs ?? []).flatMap((one) =>
    one.committed(),
  );
  const gap = cursors.findIndex((record) => record.key.endsWith(`/gap/${from}`));
  const told = decodeGap(Buffer.from(cursors[gap]?.value ?? '', 'latin1'));
  expect(told).toMatchObject({ ok: true, value: { from, to, reason: 'rot', count: 4 } });
  expect(cursors[gap + 1]?.key).toBe(cursors[0]?.key);
});

test('X1: rot in the batch that central names stops, until an operator decides', () => {
  const { world, running } = forwarded(27);
  world.kill(running);
  world.write(0, 2);
  const base = world.marks.get(0)?.lastForwarded?.baseOffset;
  const { batches } = world.edge.log('sensors', 0);
  batches.splice(
    batches.findIndex((batch) => batch.header.baseOffset === base),
    1,
  );
  const second = world.start('second');
  world.run(20_000);
  expect(stateOf(second)).toBe('stopped');
  expect(errorOf(second)).toContain('this node has no such batch');
});

test('X5: of the drops of an unclear transaction the one where central stands is told', () => {
  const { world, running } = forwarded(21);
  world.kill(running);
  const mark = world.marks.get(0);
  const lastForwarded = mark?.lastForwarded;
  if (mark === undefined || lastForwarded === undefined) throw new Error('nothing was forwarded');
  for (let round = 0; round < 3; round++) world.write(0, 2);
  const log = world.edge.log('sensors', 0);
  const to = offset(log.endOffset - 2);
  const older = { ...lastForwarded, baseOffset: offset(lastForwarded.baseOffset - 4) };
  const range = { to, reason: 'diskFull' };
  world.drops.set(0, [
    { ...range, from: offset(mark.forwardOffset - 4), count: 8, lastForwarded: older },
    { ...range, from: mark.forwardOffset, count: 4, lastForwarded },
  ]);
  // Committed and told, but the log start has not moved yet: the node lets nothing begin there.
  world.mayForward = ({ from }) => from >= to;
  const second = world.start('second');
  world.run(5_000);
  expect(world.arrived(0)).toHaveLength(12);
  log.deleteBefore(to);
  world.run(60_000, () => stateOf(second) === 'idle' && world.arrived(0).length > 12);
  const list = world.written.get(0) ?? [];
  expect(world.arrived(0)).toEqual([...list.slice(0, 12), ...list.slice(16)]);
  const gaps = (world.central.topics.get('cursors')?.logs ?? [])
    .flatMap((one) => one.committed())
    .filter((record) => record.key.includes('/gap/'));
  expect(gaps.map(({ key }) => key.split('/gap/')[1])).toEqual([String(mark.forwardOffset)]);
});

test('X5: the node hears where central stands before a claim moves the cursor from there', () => {
  const { world, running } = forwarded(28);
  world.kill(running);
  const mark = world.marks.get(0);
  const lastForwarded = mark?.lastForwarded;
  if (mark === undefined || lastForwarded === undefined) throw new Error('nothing was forwarded');
  // The node knows an older place only; the process died before it could tell the newest.
  const older = { ...lastForwarded, baseOffset: offset(lastForwarded.baseOffset - 4) };
  const known = offset(mark.forwardOffset - 4);
  world.marks.set(0, { ...mark, forwardOffset: known, lastForwarded: older });
  for (let round = 0; round < 3; round++) world.write(0, 2);
  const log = world.edge.log('sensors', 0);
  const to = offset(log.endOffset - 2);
  log.deleteBefore(to);
  const range = { to, reason: 'diskFull' };
  world.drops.set(0, [
    { ...range, from: known, count: 8, lastForwarded: older },
    { ...range, from: mark.forwardOffset, count: 4, lastForwarded },
  ]);
  const second = world.start('second');
  world.run(20_000);
  const places = second.heard.flatMap((word) => {
    if (word.type === 'ForwardProgressed') return [`at ${word.mark.forwardOffset}`];
    return word.type === 'ForwardAsked' ? [`to ${word.attempt.forwardOffset}`] : [];
  });
  // Else the next drop would not name the place where the cursor still stands if the claim fails.
  expect(places.slice(0, 3)).toEqual([`at ${mark.forwardOffset}`, `to ${to}`, `at ${to}`]);
});

test('X5: a drop that names too old a batch stops, the one that replaces it ends the stop', () => {
  const { world, running } = forwarded(16);
  world.kill(running);
  const mark = world.marks.get(0);
  const lastForwarded = mark?.lastForwarded;
  if (mark === undefined || lastForwarded === undefined) throw new Error('nothing was forwarded');
  for (let round = 0; round < 3; round++) world.write(0, 2);
  const log = world.edge.log('sensors', 0);
  const to = offset(log.endOffset - 2);
  log.deleteBefore(to);
  const drop = { from: mark.forwardOffset, to, reason: 'retention', count: 4 };
  const older = { ...lastForwarded, baseOffset: offset(lastForwarded.baseOffset - 1) };
  world.drops.set(0, [{ ...drop, from: offset(drop.from - 1), lastForwarded: older }]);
  const second = world.start('second');
  world.run(20_000);
  expect(stateOf(second)).toBe('stopped');
  world.drops.set(0, [{ ...drop, lastForwarded }]);
  world.describe(second);
  world.run(20_000);
  const list = world.written.get(0) ?? [];
  expect(world.arrived(0)).toEqual([...list.slice(0, 12), ...list.slice(16)]);
});

test.each([10, 32, 87, 29])(
  'X5: error %i blocks that partition alone and leaves nothing open',
  (code) => {
    const world = new ForwardWorld(code);
    world.createTopics(2, 2);
    world.central.refuseProduce = (topic, partition) =>
      topic === 'target' && partition === 0 ? code : 0;
    const running = world.start('only');
    world.write(0, 3);
    world.write(1, 3);
    world.run(10_000);
    expect(stateOf(running, 0)).toBe('blocked');
    expect(errorOf(running, 0)).toContain(String(code));
    expect(stateOf(running, 1)).toBe('idle');
    expect(world.arrived(1)).toHaveLength(3);
    expect(world.central.transactions.openCount).toBe(0);
    world.central.refuseProduce = () => 0;
    expect(world.run(60_000, () => world.isComplete)).toBe(true);
    expect(world.arrived(0)).toEqual(world.written.get(0));
  },
);

test('X6: atLeastOnce loses nothing and says where it stands', () => {
  const world = new ForwardWorld(11, { delivery: 'atLeastOnce' });
  world.createTopics(1, 1);
  world.fault = () => {
    if (world.prng.chance(0.05)) return 'lose';
    return world.prng.chance(0.1) ? 'loseReply' : 'none';
  };
  world.start('only');
  for (let round = 0; round < 30; round++) {
    world.write(0, 3);
    world.run(2_000);
  }
  world.fault = () => 'none';
  world.run(60_000, () => world.isComplete);
  // The cursor follows the data.
  world.run(60_000);
  expect(new Set(world.arrived(0))).toEqual(new Set(world.written.get(0)));
  expect(world.marks.get(0)?.forwardOffset).toBe(world.edge.log('sensors', 0).endOffset);
});

test('a missing topic blocks with a clear text until somebody creates it', () => {
  const world = new ForwardWorld(12);
  world.edge.createTopic('sensors', 1);
  world.lead(0);
  world.write(0, 2);
  const running = world.start('only');
  world.run(5_000);
  expect(stateOf(running)).toBe('blocked');
  expect(errorOf(running)).toMatch(/topic target is missing at central; create it/);
  world.central.createTopic('target', 1);
  world.central.createTopic('cursors', 1);
  expect(world.run(60_000, () => world.isComplete)).toBe(true);
});

test('createTopics makes both topics, the cursor topic compacted', () => {
  const world = new ForwardWorld(13, { createTopics: true });
  world.edge.createTopic('sensors', 3);
  for (let p = 0; p < 3; p++) world.lead(p);
  world.write(2, 2);
  world.start('only');
  expect(world.run(60_000, () => world.arrived(2).length === 2)).toBe(true);
  expect(world.central.topics.get('target')?.logs).toHaveLength(3);
  expect(world.central.topics.get('cursors')?.logs.length).toBeGreaterThan(1);
});

test('control batches and their offsets stay here; lag counts to the high watermark', () => {
  const { world, running } = forwarded(14);
  world.lead(0);
  world.kill(running);
  const second = world.start('second');
  world.run(10_000);
  expect(stateOf(second)).toBe('idle');
  const status = second.statuses[0];
  expect(status?.forwardOffset).toBe(world.edge.log('sensors', 0).endOffset);
  expect(status?.lag).toBe(0);
  expect(world.arrived(0)).toHaveLength(12);
});
