import { Prng } from '../../../src/base/prng.ts';
import { ClusterFaults } from './cluster-faults.ts';
import { drawPlan } from './cluster-plan.ts';
import { ClusterWorld } from './cluster-world.ts';
import { Violation } from './committed-logs.ts';
import type { CountedMachines } from './machine.ts';

/** What a run was worth. */
export interface ClusterRun extends CountedMachines {
  readonly seed: number;
  readonly plan: string;
  readonly acknowledged: number;
  readonly repeated: number;
  readonly repeatedAtQos0: number;
  readonly atCentral: number;
  readonly elections: number;
  readonly simulatedMs: number;
  readonly trace: string;
}

const checkSeconds = 5;
const birthMs = 3_000;
const minuteMs = 60_000;
/** From the healing on: everything has arrived by then. */
const healMsMax = 2 * minuteMs;

/**
 * One simulated cluster: faults for that long, then all heals and everything must arrive.
 * @throws a Violation, or what the product threw.
 */
export async function runCluster(
  seed: number,
  minutes: number,
  say?: (text: string) => void,
): Promise<ClusterRun> {
  const random = new Prng(seed);
  const plan = drawPlan(random, new Prng(seed ^ 0x5eed));
  const world = new ClusterWorld(random.below(2 ** 31), plan, say);
  const { time, machines } = world;
  const uninstall = time.install();
  try {
    for (const machine of machines) time.after(random.next() * 500, () => machine.start());
    const faults = new ClusterFaults(world, new Prng(random.below(2 ** 31)), plan.faults);
    // A cluster is born on a good day.
    time.after(birthMs, () => faults.begin());
    for (let second = 0; second < minutes * 60; second += checkSeconds) {
      await time.run(second * 1_000);
      world.central?.check();
    }
    await time.run(minutes * minuteMs);
    faults.heal();
    for (const client of world.clients) client.isPublishing = false;
    const unwhole = await world.untilWhole(healMsMax);
    if (unwhole !== undefined) {
      throw new Violation(`not whole ${healMsMax / 1_000} s after all healed: ${unwhole}`);
    }
    world.checkAtRest();
    const atCentral = world.central?.check() ?? 0;
    const { acknowledged, repeated, repeatedAtQos0 } = world.ledger;
    return {
      ...world.counts.all,
      ...{ atCentral, repeatedAtQos0 },
      ...{ seed, plan: plan.name, repeated, elections: world.committed.elections },
      acknowledged: acknowledged.atLeastOnce + acknowledged.exactlyOnce,
      simulatedMs: time.nowMs,
      trace: world.trace.value,
    };
  } finally {
    uninstall();
  }
}
