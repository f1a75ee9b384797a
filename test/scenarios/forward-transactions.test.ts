import { expect, test } from 'vitest';
import { ForwardWorld } from '../fakes/forward-world.ts';

test('X3: an EndTxn that nobody answers is no commit, and the node hears of none', () => {
  const world = new ForwardWorld(25);
  world.createTopics(1, 1);
  const first = world.start('first');
  world.run(3_000);
  const claimed = world.marks.get(0)?.forwardOffset;
  world.fault = (name) => (name === 'EndTxn' ? 'lose' : 'none');
  world.write(0, 3);
  world.run(60_000);
  expect(world.arrived(0)).toEqual([]);
  expect(world.marks.get(0)?.forwardOffset).toBe(claimed);
  world.kill(first);
  world.fault = () => 'none';
  world.start('second');
  world.run(120_000, () => world.isComplete);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

test('X2: a predecessor that commits while its successor takes over doubles nothing', () => {
  const world = new ForwardWorld(28);
  world.createTopics(1, 1);
  world.start('first');
  world.run(3_000);
  const fetches = (): number => world.central.calls.get('Fetch') ?? 0;
  let fetchesBefore: number | undefined;
  world.fault = (name) => {
    if (name !== 'EndTxn' || fetchesBefore !== undefined) return 'none';
    const before = fetches();
    fetchesBefore = before;
    // On its way until the successor has looked for the cursor.
    return { heldUntil: () => fetches() > before };
  };
  world.write(0, 3);
  expect(world.run(10_000, () => fetchesBefore !== undefined)).toBe(true);
  world.start('second');
  world.run(60_000, () => world.isComplete);
  world.run(10_000);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

test('X3: a late EndTxn commits nothing of the next transaction, because none is ever re-sent', () => {
  const world = new ForwardWorld(21);
  world.createTopics(1, 1);
  const handled = (name: string): number => world.central.calls.get(name) ?? 0;
  let ends = 0;
  world.fault = (name) => {
    if (name !== 'EndTxn' || ++ends !== 3) return 'none';
    const endsBefore = handled('EndTxn');
    let producesBefore: number | undefined;
    // First another EndTxn is carried out, then a Produce of the transaction behind it: now.
    const heldUntil = (): boolean => {
      if (handled('EndTxn') > endsBefore) producesBefore ??= handled('Produce');
      return producesBefore !== undefined && handled('Produce') > producesBefore;
    };
    return { heldUntil };
  };
  world.start('only');
  for (let round = 0; round < 20; round++) {
    world.write(0, 6, 9_000);
    world.run(2_500);
  }
  world.run(120_000, () => world.isComplete);
  world.run(10_000);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

test('X2: who is fenced stays away for five seconds', () => {
  const world = new ForwardWorld(26);
  world.createTopics(1, 1);
  const first = world.start('first');
  world.run(3_000);
  world.start('second');
  world.run(3_000);
  world.write(0, 3);
  const isFenced = (): boolean => first.statuses.some(({ state }) => state === 'fenced');
  expect(world.run(20_000, isFenced)).toBe(true);
  const before = world.central.calls.get('InitProducerId');
  world.run(4_900);
  expect(world.central.calls.get('InitProducerId')).toBe(before);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

test('L10: no transaction begins that the node does not allow', () => {
  const world = new ForwardWorld(27);
  world.createTopics(1, 1);
  world.start('only');
  world.run(3_000);
  world.mayForward = () => false;
  world.write(0, 3);
  world.run(10_000);
  expect(world.arrived(0)).toEqual([]);
  world.mayForward = () => true;
  expect(world.run(60_000, () => world.isComplete)).toBe(true);
});

test('a node that cannot say yet whether a transaction may begin is waited for, in words', () => {
  const world = new ForwardWorld(28);
  world.createTopics(1, 1);
  const only = world.start('only');
  world.run(3_000);
  world.answers = () => false;
  world.write(0, 3);
  const status = () => only.statuses[0];
  expect(world.run(2_000, () => status()?.state === 'sending')).toBe(true);
  expect(world.run(1_100, () => status()?.state === 'waiting')).toBe(true);
  expect(status()?.lastError).toContain('waits for a leader of `__cluster`, or for its disk');
  world.run(60_000);
  expect(status()?.state).toBe('waiting');
  expect(world.arrived(0)).toEqual([]);
  world.answers = () => true;
  expect(world.run(1_000, () => world.isComplete)).toBe(true);
  world.run(2_000);
  expect(status()).toMatchObject({ state: 'idle', lag: 0 });
  expect(status()?.lastError).toBeUndefined();
});

test('nobody hears of a question that is no longer open', () => {
  const world = new ForwardWorld(29);
  world.createTopics(1, 1);
  const only = world.start('only');
  world.run(3_000);
  world.answers = () => false;
  world.write(0, 3);
  expect(world.run(2_000, () => only.statuses[0]?.state === 'sending')).toBe(true);
  const first = only.heard.findLast((word) => word.type === 'ForwardAsked');
  world.answers = (ask) => ask !== first;
  // It begins from the top, and is done with all before the first question is 1 s old.
  world.lead(0);
  world.describe(only);
  expect(world.run(900, () => world.isComplete)).toBe(true);
  world.run(5_000);
  const told = only.heard.flatMap((word) =>
    word.type === 'ForwardStatusChanged' ? word.statuses.map(({ lastError }) => lastError) : [],
  );
  expect(told.filter((error) => error?.includes('__cluster'))).toEqual([]);
});

test('asked to stop while its node does not answer it ends at once', () => {
  const world = new ForwardWorld(30);
  world.createTopics(1, 1);
  const only = world.start('only');
  world.run(3_000);
  world.answers = () => false;
  world.write(0, 3);
  expect(world.run(2_000, () => only.statuses[0]?.state === 'sending')).toBe(true);
  world.dispatch(only, { type: 'NodeSpoke', word: { type: 'StopRequested' } });
  expect(world.run(100, () => only.isFinished)).toBe(true);
  expect(world.central.transactions.openCount).toBe(0);
});

test('X3: the cursor is the last record of its transaction', () => {
  const world = new ForwardWorld(24);
  world.createTopics(1, 1);
  const order: string[] = [];
  world.central.refuseProduce = (topic) => {
    order.push(topic);
    return 0;
  };
  world.fault = (name) => {
    if (name === 'EndTxn') order.push(name);
    return 'none';
  };
  world.start('only');
  for (let round = 0; round < 5; round++) {
    for (let batch = 0; batch < 3; batch++) world.write(0, 3, 9_000);
    world.run(2_500);
  }
  expect(world.isComplete).toBe(true);
  const transactions = order.join(' ').split(' EndTxn');
  expect(transactions.filter((one) => one.includes('target')).length).toBeGreaterThan(4);
  for (const one of transactions) expect(one).toMatch(/^(?: ?target)* ?cursors$|^$/);
});

test('X2: the cursor of a transaction whose EndTxn never arrived does not count', () => {
  const world = new ForwardWorld(23);
  world.createTopics(1, 1);
  world.fault = (name) => (name === 'EndTxn' && world.prng.chance(0.3) ? 'lose' : 'none');
  world.start('only');
  for (let round = 0; round < 20; round++) {
    world.write(0, 2);
    world.run(1_500);
  }
  expect(world.run(200_000, () => world.isComplete)).toBe(true);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});

test('two forwarders of one identity fight: each record once, and both get on', () => {
  const world = new ForwardWorld(9);
  world.createTopics(2, 2);
  const both = [world.start('a'), world.start('b')];
  const seen = new Set<string>();
  for (let round = 0; round < 300; round++) {
    world.write(round % 2, 3);
    world.run(300);
    for (const one of both) for (const { state } of one.statuses) seen.add(`${one.name} ${state}`);
  }
  expect(world.run(120_000, () => world.isComplete)).toBe(true);
  expect(seen).toContain('a fenced');
  expect(seen).toContain('b fenced');
  for (const [partition, list] of world.written) expect(world.arrived(partition)).toEqual(list);
});

test('each kind of request loses its reply three times and nothing is doubled', () => {
  const kinds = [
    'FindCoordinator',
    'InitProducerId',
    'AddPartitionsToTxn',
    'Produce',
    'EndTxn',
    'ListOffsets',
    'Fetch',
    'Metadata',
  ];
  const left = new Map(kinds.map((kind) => [kind, 3]));
  const world = new ForwardWorld(77);
  world.createTopics(1, 1);
  world.fault = (name) => {
    const times = left.get(name) ?? 0;
    if (times === 0) return 'none';
    left.set(name, times - 1);
    return 'loseReply';
  };
  world.start('only');
  for (let round = 0; round < 60; round++) {
    world.write(0, 3);
    world.run(2_000);
  }
  expect(world.run(1_000_000, () => world.isComplete)).toBe(true);
  expect([...left.values()].reduce((sum, one) => sum + one, 0)).toBe(0);
  expect(world.arrived(0)).toEqual(world.written.get(0));
});
