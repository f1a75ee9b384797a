import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SharedWorld } from '../../../fakes/mqtt-shared-world.ts';

const device = fc.nat(1);
const node = fc.nat(1);
const isTwice = fc.boolean();
const clean = fc.boolean();
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), device }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('confirm' as const), device }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('commit' as const), node, isTwice }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('apply' as const), node }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('persist' as const), node, on: fc.nat(1), isTwice }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), node, kept: fc.nat(4) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('connect' as const), device, node, clean }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), device }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function act(world: SharedWorld, next: Action): void {
  if (next.do === 'publish') world.publish(next.device);
  else if (next.do === 'confirm') world.confirm(next.device);
  else if (next.do === 'commit') world.commit(next.node, next.isTwice);
  else if (next.do === 'apply') world.apply(next.node);
  else if (next.do === 'persist') world.persist(next.node, next.on, next.isTwice);
  else if (next.do === 'drain') world.drain();
  else if (next.do === 'crash') world.crash(next.node, next.kept);
  else if (next.do === 'connect') world.connect(next.device, next.node, next.clean);
  else world.close(next.device);
}

function expectSound(world: SharedWorld): void {
  for (const [text, times] of world.stored) expect(times, text).toBe(1);
  expect(world.complaints).toEqual([]);
}

/** Everybody comes back, to one node after the other, and finishes. */
function finish(world: SharedWorld): void {
  for (const [index, one] of world.devices.entries()) {
    for (let round = 0; round < 6; round++) {
      world.connect(index, round, false);
      world.drain();
      world.confirm(index);
      world.drain();
    }
    expect(one.inFlight.size).toBe(0);
  }
  for (const text of world.sent) {
    if (!world.givenUp.has(text)) expect(world.stored.get(text), text).toBe(1);
  }
  expectSound(world);
  expect(new Set(world.views()).size).toBe(1);
}

test('every reading is stored once, wherever its client goes on with the handshake', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80, size: 'max' }), (actions) => {
      const world = new SharedWorld(2, 2);
      world.connect(0, 0, false);
      world.connect(1, 1, false);
      for (const next of actions) {
        act(world, next);
        expectSound(world);
      }
      finish(world);
      expectBounded(world);
    }),
    { numRuns: 150 },
  );
});

function expectBounded(world: SharedWorld): void {
  for (const [index] of world.devices.entries()) {
    world.connect(index, index, true);
    world.drain();
    world.close(index);
    world.drain();
  }
  expect([...world.values.keys()]).toEqual([]);
}

test('the client leaves a node behind every step, and finishes at another one', () => {
  for (let steps = 0; steps <= 12; steps++) {
    for (const comesLate of [true, false]) {
      const world = new SharedWorld(2, 1);
      world.connect(0, 0, false);
      world.drain();
      world.publish(0);
      for (let i = 0; i < steps; i++) runStep(world);
      if (!comesLate) world.crash(0, 0);
      world.connect(0, 1, false);
      finish(world);
      world.publish(0);
      finish(world);
      expect(world.stored.size, `${steps}`).toBe(2);
    }
  }
});

/** The next of: a change is committed, is applied, a record is stored, PUBREL goes out. */
function runStep(world: SharedWorld): void {
  if (world.apply(0) || world.commit(0) || world.persist(0, 0) || world.persist(0, 1)) return;
  world.confirm(0);
}

test('a clean session of QoS 0 and 1 commits nothing, and needs no leader', () => {
  const world = new SharedWorld(2, 1);
  world.connect(0, 0, true);
  expect(world.isOnline(0)).toBe(true);
  world.drain();
  world.close(0);
  world.drain();
  expect(world.logLength).toBe(0);
});

test('a persistent session waits for its takeover, as long as it may', () => {
  const world = new SharedWorld(2, 1);
  world.connect(0, 0, false);
  world.tick(9_999);
  expect(world.isOnline(0)).toBe(false);
  expect(world.devices[0]?.at).toBeDefined();
  world.tick(1);
  expect(world.devices[0]?.at).toBeUndefined();
  // Late, when the client has gone elsewhere: it takes nothing away from there.
  world.connect(0, 1, false);
  while (world.commit(1));
  while (world.apply(1));
  expect(world.isOnline(0)).toBe(true);
  world.drain();
  expect(world.isOnline(0)).toBe(true);
});

test('a client that comes again and again while nobody leads has one takeover on its way', () => {
  const world = new SharedWorld(2, 1);
  for (let attempt = 0; attempt < 10; attempt++) world.connect(0, 0, false);
  world.drain();
  expect(world.isOnline(0)).toBe(true);
  expect(world.logLength).toBe(2);
});

test('a node whose client is taken over closes its connection and lets go', () => {
  const world = new SharedWorld(2, 1);
  world.connect(0, 0, false);
  world.drain();
  world.publish(0);
  world.connect(0, 1, false);
  world.drain();
  expect(world.nodes[0]?.connections.size).toBe(0);
  expect(world.isOnline(0)).toBe(true);
  expect(world.rejections).toContain('the client is connected to another node');
});

test('what a front end remembers of a client that was elsewhere meanwhile counts no more', () => {
  const world = new SharedWorld(2, 1);
  const store = (): void => {
    world.drain();
    world.publish(0);
    world.drain();
  };
  world.connect(0, 0, false);
  store();
  world.connect(0, 1, false);
  world.drain();
  world.confirm(0);
  store();
  world.confirm(0);
  world.drain();
  world.publish(0);
  // Back at the first node, which takes the session and loses the connection before it knows.
  world.connect(0, 0, false);
  world.close(0);
  world.drain();
  world.connect(0, 0, false);
  finish(world);
  expect(world.stored.size).toBe(3);
});

test('a clean session ends with its node, once that is started again', () => {
  const world = new SharedWorld(2, 2);
  world.connect(0, 0, true);
  world.publish(0);
  world.drain();
  expect([...world.values.keys()].sort()).toEqual(['qos2/dev/0/1', 'session/dev/0']);
  world.crash(0, 0);
  world.drain();
  world.connect(1, 0, true);
  world.drain();
  expect([...world.values.keys()]).toEqual([]);
});
