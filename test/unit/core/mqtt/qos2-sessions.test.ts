import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Qos2World } from '../../../fakes/mqtt-qos2-world.ts';

const device = fc.nat(1);
const kept = fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4));
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), device }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('confirm' as const), device }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('step' as const), queue: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('crash' as const), kept, comeBack: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('connect' as const), device, clean: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), device }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function act(world: Qos2World, next: Action): void {
  if (next.do === 'publish') world.publish(next.device);
  else if (next.do === 'confirm') world.confirm(next.device);
  else if (next.do === 'step') world.step(next.queue);
  else if (next.do === 'drain') world.drain();
  else if (next.do === 'crash') crash(world, next.kept, next.comeBack);
  else if (next.do === 'connect') world.connect(next.device, next.clean);
  else world.close(next.device);
  expectNothingTwice(world);
}

function crash(world: Qos2World, kept: readonly number[], comeBack: boolean): void {
  world.crash(kept);
  if (!comeBack) return;
  for (const index of world.devices.keys()) world.connect(index, false);
}

function expectNothingTwice(world: Qos2World): void {
  for (const [text, times] of world.stored) expect(times, text).toBe(1);
}

/** Everybody comes back and finishes; then everybody begins a clean session and leaves. */
function finish(world: Qos2World): void {
  for (const [index, device] of world.devices.entries()) {
    for (let round = 0; round < 4; round++) {
      world.connect(index, false);
      world.drain();
      world.confirm(index);
      world.drain();
    }
    expect(device.inFlight.size).toBe(0);
  }
}

test('every reading is stored once, whatever crashes between its four steps', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80, size: 'max' }), (actions) => {
      const world = new Qos2World(2);
      world.connect(0, false);
      world.connect(1, false);
      for (const next of actions) act(world, next);
      finish(world);
      expectNothingTwice(world);
      for (const text of world.received) expect(world.stored.has(text), text).toBe(true);
      for (const text of world.sent) {
        if (!world.givenUp.has(text)) expect(world.stored.has(text), text).toBe(true);
      }
      // Those of a connection that is gone, nothing else.
      const others = world.rejections.filter((reason) => reason !== 'the session has ended');
      expect(others).toEqual([]);
      expectBounded(world);
    }),
    { numRuns: 1_200 },
  );
});

function expectBounded(world: Qos2World): void {
  for (const [index] of world.devices.entries()) {
    world.connect(index, true);
    world.drain();
    world.close(index);
    world.drain();
  }
  expect([...world.sessions.keys()]).toEqual([]);
  expect(world.pinned.size).toBe(0);
}

test('a crash between every two writes, then the identifier is used for a new reading', () => {
  // Session record, identifier, record, removal: four writes in order.
  for (let crashAfter = 0; crashAfter <= 4; crashAfter++) {
    for (const survives of [0, 1]) {
      const world = new Qos2World(1);
      world.connect(0, false);
      world.publish(0);
      runWrites(world, crashAfter);
      world.crash([survives, survives, survives]);
      finish(world);
      world.publish(0);
      world.drain();
      world.confirm(0);
      world.drain();
      expect(world.stored.size, `${crashAfter}/${survives}`).toBe(2);
      expectNothingTwice(world);
    }
  }
});

function runWrites(world: Qos2World, count: number): void {
  for (let written = 0; written < count;) {
    world.confirm(0);
    if ([0, 1, 2].some((queue) => world.step(queue))) written++;
    else return;
  }
}

test('behind a hole of rot an unfinished reading is stored anew', () => {
  const world = new Qos2World(1);
  world.connect(0, false);
  for (let i = 0; i < 3; i++) {
    world.publish(0);
    world.drain();
    world.confirm(0);
    world.drain();
  }
  world.publish(0);
  world.step(0);
  world.crash([0, 0, 0]);
  world.rot();
  finish(world);
  expect(world.stored.size).toBe(4);
  expect(world.rejections).toEqual([]);
});

test('publishes of one session in flight together keep their sequences', () => {
  const world = new Qos2World(1);
  world.connect(0, false);
  world.publish(0);
  world.publish(0);
  world.publish(0);
  world.drain();
  expect(world.stored.size).toBe(3);
  expect([...world.sessions.keys()].sort()).toEqual([
    'qos2/dev/0/1',
    'qos2/dev/0/2',
    'qos2/dev/0/3',
    'session/dev/0',
  ]);
});
