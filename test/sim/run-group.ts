import { Prng } from '../../src/base/prng.ts';
import { GroupScenario } from './group-scenario.ts';
import { GroupWorld } from './group-world.ts';
import { InvariantBroken } from './invariants/invariant-broken.ts';
import { drawPlan } from './plan.ts';

export interface RunOptions {
  readonly trace?: ((line: string) => void) | undefined;
  /** This invariant alone; undefined: all. */
  readonly check?: string | undefined;
}

export interface GroupRun {
  readonly shape: string;
  readonly acknowledged: number;
  readonly committed: number;
  readonly simulatedMs: number;
  readonly hash: number;
  /** What it is known for: its shape, the faults that were on, what happened how often. */
  readonly features: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * One seed: first things break and safety is checked after each event, then all heals: every node
 * must end with the committed log, and any one voter may die or flap. @throws InvariantBroken
 */
export function runGroup(seed: number, minutes: number, options: RunOptions = {}): GroupRun {
  const { trace, check } = options;
  const draw = new Prng(seed ^ 0x5eed);
  const plan = drawPlan(draw);
  const world = new GroupWorld(seed, plan);
  world.trace = trace;
  world.invariants.only = check;
  trace?.(`${plan.name}: ${plan.faults.names.join(', ')}`);
  const run = new GroupScenario(world, plan, draw);
  try {
    run.breakThings(minutes * 60_000);
    run.heal();
    run.converge();
    run.goOn();
    run.loseOne();
    run.converge();
    run.loseLog();
    run.converge();
    run.cutLink();
    run.flap();
  } catch (error) {
    for (const line of world.describe()) trace?.(line);
    if (!isOther(error, check)) throw error;
  }
  const { acknowledgedStays, committed } = world.invariants;
  return {
    ...{ shape: plan.name, acknowledged: acknowledgedStays.count, committed: committed.end },
    ...{ simulatedMs: world.queue.nowMs, hash: world.hash },
    features: [`shape: ${plan.shape}`, ...mixOf(plan.faults.names), ...asked(plan)],
    counts: Object.fromEntries(world.counts),
  };
}

/** Broken is what is not looked for: the run ends there, and says nothing of the one that is. */
const isOther = (error: unknown, check: string | undefined): boolean =>
  check !== undefined && error instanceof InvariantBroken && error.invariant !== check;

const mixOf = (names: readonly string[]): string[] => {
  if (names.length === 0) return ['faults: none'];
  return [names.length >= 16 ? 'faults: all' : 'faults: some', ...names.map((n) => `fault: ${n}`)];
};

const asked = (plan: ReturnType<typeof drawPlan>): string[] => [
  `segments of ${plan.segmentRecords}`,
  ...(plan.changes > 0 ? ['asked: reassignment'] : []),
  ...(plan.disks > 0 ? ['asked: other disks'] : []),
  ...(plan.rot > 0 ? ['asked: rot'] : []),
  ...(plan.trims > 0 ? ['asked: retention'] : []),
  ...(plan.burstMax > 1 ? ['asked: bursts'] : []),
];
