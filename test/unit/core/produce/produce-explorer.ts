import { monotonicMs } from '../../../../src/base/brand.ts';
import { ProduceWorld } from './produce-world.ts';

/** What may happen next: anything, in any order. */
function disturb(world: ProduceWorld, mayGiveUp: boolean): void {
  const { draw } = world;
  const id = 1 + draw.below(3);
  switch (draw.below(mayGiveUp ? 13 : 12)) {
    case 0:
      world.elect(id);
      return;
    case 1:
      return world.depose(id);
    case 2:
    case 3:
      return world.replicate(id, draw.below(4));
    case 4:
    case 5:
      world.deliver(id);
      return;
    case 6:
    case 7:
      world.answer(id);
      return;
    case 8:
      return world.breakLink(id);
    case 9:
      return world.learn(draw.chance(0.5) ? world.leader : draw.chance(0.5) ? id : undefined);
    case 10:
      return world.sleep(draw.below(200));
    case 11:
      world.ghost(id);
      return;
    default:
      return world.queues.giveUp(monotonicMs(world.nowMs - draw.below(500)));
  }
}

export interface Explored {
  readonly world: ProduceWorld;
  readonly sends: number;
}

/** One seed: batches are pushed while leaders change and links break, then all heals. */
export function explore(seed: number, mayGiveUp = false): Explored {
  const world = new ProduceWorld(seed);
  const { draw } = world;
  world.idlessChance = 0.1;
  world.isStrict = draw.chance(0.5);
  world.elect(1 + draw.below(3));
  const batches = 2 + draw.below(12);
  const steps = 20 + draw.below(200);
  let next = 0;
  for (let step = 0; step < steps || next < batches; step++) {
    if (next < batches && draw.chance(0.2)) {
      const values = [`v${next}`, ...(draw.chance(0.3) ? [`v${next}b`] : [])];
      const isGone = mayGiveUp && draw.chance(0.3);
      world.push(values, () => isGone && world.nowMs > 300);
      next++;
    } else disturb(world, mayGiveUp);
    checkOrder(world, mayGiveUp);
  }
  world.heal();
  checkOrder(world, mayGiveUp);
  checkEnd(world, mayGiveUp);
  return { world, sends: world.sends };
}

/** Nothing twice, nothing out of order, and what is acknowledged is committed. */
function checkOrder(world: ProduceWorld, mayGiveUp: boolean): void {
  world.checkOwnBatches();
  const { committed, pushed } = world;
  // What was given up may come late, or twice: its client sends it again in any case (P3).
  const all = mayGiveUp ? committed.filter((value) => world.outcomes.get(value)?.ok) : committed;
  if (!mayGiveUp && new Set(all).size !== all.length) throw new Error(`doubled: ${all.join(' ')}`);
  const places = [...new Set(all)].map((value) => pushed.indexOf(value));
  const isOrdered = places.every((place, i) => i === 0 || place > (places[i - 1] ?? -1));
  if (!isOrdered) throw new Error(`out of order: ${all.join(' ')}`);
  for (const [value, outcome] of world.outcomes) {
    if (outcome.ok && !committed.includes(value)) {
      throw new Error(`${value} is acknowledged and not committed`);
    }
  }
}

function checkEnd(world: ProduceWorld, mayGiveUp: boolean): void {
  for (const value of world.pushed) {
    const outcome = world.outcomes.get(value);
    if (outcome === undefined) throw new Error(`${value} was never told`);
    if (!outcome.ok && !mayGiveUp) throw new Error(`${value} failed: ${outcome.error}`);
  }
  if (world.queues.pendingBytes !== 0) throw new Error('bytes are left');
  if (world.queues.nextDeadline() !== undefined) throw new Error('a retry is left');
}
