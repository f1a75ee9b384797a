import { Prng } from '../../src/base/prng.ts';
import type { Voter } from '../../src/core/replica/voter-set.ts';
import { drawFaults, type Faults } from './faults.ts';
import { GroupWorld } from './group-world.ts';

const shapes: readonly (readonly Voter['role'][])[] = [
  ['data'],
  ['data', 'data'],
  ['data', 'data', 'witness'],
  ['data', 'data', 'data'],
  ['data', 'data', 'data', 'data', 'data'],
];

const healMsMax = 60_000;
const convergeStepsMax = 100;

export interface GroupRun {
  readonly shape: string;
  readonly acknowledged: number;
  readonly committed: number;
  readonly hash: number;
}

/**
 * One seed: first things break and safety is checked after each event, then all heals and every
 * node must end with the committed log. @throws with the invariant that broke.
 */
export function runGroup(seed: number, minutes: number): GroupRun {
  const draw = new Prng(seed ^ 0x5eed);
  const roles = draw.pick(shapes);
  const faults = drawFaults(draw);
  const world = new GroupWorld(seed, roles, faults);
  const endMs = minutes * 60_000;
  const load = schedule(world, draw, endMs, () => publish(world), 600 + draw.below(6_000));
  load();
  disturb(world, draw, faults, endMs);
  world.runUntil(endMs);
  heal(world);
  converge(world);
  const before = world.invariants.acknowledged;
  const goesOnMs = world.queue.nowMs + healMsMax;
  schedule(world, draw, goesOnMs, () => publish(world), 600)();
  world.runUntil(goesOnMs);
  if (world.invariants.acknowledged === before) throw new Error('nothing goes on after all healed');
  converge(world);
  const { acknowledged, committedEnd: committed } = world.invariants;
  return { shape: roles.join(' '), acknowledged, committed, hash: world.hash };
}

/** Without load every node catches up; in the end each data log is the committed log. */
function converge(world: GroupWorld): void {
  const data = world.nodes.filter(({ self }) => self.role === 'data');
  const isBehind = (): boolean =>
    data.some(
      ({ log }) => log.logEndOffset < Math.max(...data.map((each) => each.log.logEndOffset)),
    );
  for (let i = 0; i === 0 || (i < convergeStepsMax && isBehind()); i++) {
    world.runUntil(world.queue.nowMs + 20_000);
  }
  for (const { self, log } of data) world.invariants.agrees(self.nodeId, log);
}

/** Repeats at random times, `perMinute` on average, until `endMs`. */
function schedule(
  world: GroupWorld,
  draw: Prng,
  endMs: number,
  run: () => void,
  perMinute: number,
): () => void {
  const next = (): void => {
    if (perMinute === 0 || world.queue.nowMs >= endMs) return;
    world.queue.after((draw.next() * 2 * 60_000) / perMinute, () => {
      if (world.queue.nowMs < endMs) run();
      next();
    });
  };
  return next;
}

function publish(world: GroupWorld): void {
  for (const leader of world.leaders) world.publish(leader);
}

function disturb(world: GroupWorld, draw: Prng, faults: Faults, endMs: number): void {
  const { nodes, queue } = world;
  const repeat = (run: () => void, perMinute: number) =>
    schedule(world, draw, endMs, run, perMinute)();
  repeat(() => {
    const node = draw.pick(nodes);
    world.crash(node);
    queue.after(draw.next() * 5_000, () => {
      if (!node.isUp) world.start(node);
    });
  }, faults.crashes);
  repeat(() => {
    const node = draw.pick(nodes);
    world.pause(node);
    queue.after(draw.next() * 10_000, () => world.resume(node));
  }, faults.pauses);
  repeat(() => {
    const [a, b] = [draw.pick(nodes).self.nodeId, draw.pick(nodes).self.nodeId];
    world.cut(a, b);
    if (draw.chance(0.5)) world.cut(b, a);
    queue.after(draw.next() * 10_000, () => world.healLinks());
  }, faults.cuts);
}

function heal(world: GroupWorld): void {
  world.healLinks();
  for (const node of world.nodes) {
    if (!node.isUp) world.start(node);
    if (node.isPaused) world.resume(node);
  }
}
