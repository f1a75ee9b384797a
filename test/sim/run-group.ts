import { Prng } from '../../src/base/prng.ts';
import { noFaults } from './faults.ts';
import type { GroupNode } from './group-node.ts';
import { GroupWorld } from './group-world.ts';
import { Operator } from './operator.ts';
import { drawPlan, drawSeats, type Plan } from './plan.ts';

const healMsMax = 60_000;
const convergeMsMax = 2_000_000;
const stepMs = 5_000;
/** From the death of any one voter to the next acknowledged record, with all others healthy. */
const failoverMsMax = 15_000;

export interface GroupRun {
  readonly shape: string;
  readonly acknowledged: number;
  readonly committed: number;
  readonly simulatedMs: number;
  readonly hash: number;
}

/**
 * One seed: first things break and safety is checked after each event, then all heals: every node
 * must end with the committed log, and any one voter may die. @throws with the broken invariant.
 */
export function runGroup(seed: number, minutes: number, trace?: (line: string) => void): GroupRun {
  const draw = new Prng(seed ^ 0x5eed);
  const plan = drawPlan(draw);
  const world = new GroupWorld(seed, plan);
  world.trace = trace;
  trace?.(plan.name);
  const run = new GroupScenario(world, plan, draw);
  run.breakThings(minutes * 60_000);
  run.heal();
  run.converge();
  run.goOn();
  run.loseOne();
  run.converge();
  const { acknowledged, committedEnd: committed } = world.invariants;
  return {
    ...{ shape: plan.name, acknowledged, committed },
    ...{ simulatedMs: world.queue.nowMs, hash: world.hash },
  };
}

class GroupScenario {
  readonly #world: GroupWorld;
  readonly #plan: Plan;
  readonly #draw: Prng;
  readonly #operator: Operator;

  constructor(world: GroupWorld, plan: Plan, draw: Prng) {
    this.#world = world;
    this.#plan = plan;
    this.#draw = draw;
    this.#operator = new Operator(world);
  }

  breakThings(endMs: number): void {
    const world = this.#world;
    const { faults, changes, disks, rot, trims, publishesPerMinute } = this.#plan;
    const draw = this.#draw;
    const repeat = (perMinute: number, run: () => void): void =>
      this.#repeat(endMs, perMinute, run);
    repeat(publishesPerMinute, () => this.#publish());
    repeat(faults.crashes, () => world.crashFor(draw.pick(world.nodes), draw.next() * 5_000));
    repeat(faults.pauses, () => {
      const node = draw.pick(world.nodes);
      world.pause(node);
      world.queue.after(draw.next() * 10_000, () => world.resume(node));
    });
    repeat(faults.cuts, () => this.#cut());
    repeat(faults.handOvers, () => world.handOver());
    repeat(changes, () => world.want(drawSeats(draw, this.#plan)));
    repeat(disks, () => this.#operator.replaceDisk(draw.pick(world.nodes)));
    repeat(rot, () => this.#operator.rot(draw.pick(world.nodes)));
    repeat(trims, () => {
      const { leader } = world;
      const start = leader?.log.logStartOffset ?? 0;
      const room = (leader?.replica?.highWatermark ?? 0) - start;
      if (leader !== undefined && room > 0) world.trim(leader, start + draw.below(room + 1));
    });
    world.runUntil(endMs);
  }

  heal(): void {
    const world = this.#world;
    world.network.heal();
    // It stays as slow and lossy as it was.
    const { faults } = this.#plan;
    const fetchRecordsMax = Math.max(faults.fetchRecordsMax, 20);
    const never = (): boolean => false;
    world.allow({ ...faults, fetchRecordsMax, diesVoting: never, diesLeading: never });
    for (const node of world.nodes) {
      world.restart(node);
      if (node.isPaused) world.resume(node);
    }
  }

  /** Without load every node follows, has everything, and those vote who are wanted. */
  converge(): void {
    const world = this.#world;
    const endMs = world.queue.nowMs + convergeMsMax;
    world.runUntil(world.queue.nowMs + stepMs);
    for (let missing = this.#missing(); missing !== undefined; missing = this.#missing()) {
      if (world.queue.nowMs >= endMs) throw new Error(`never after all healed: ${missing}`);
      world.runUntil(world.queue.nowMs + stepMs);
    }
    for (const { nodeId, log, role } of world.nodes) {
      world.invariants.agrees(nodeId, log, role === 'witness');
    }
  }

  goOn(): void {
    const world = this.#world;
    const before = world.invariants.acknowledged;
    const endMs = world.queue.nowMs + healMsMax;
    this.#repeat(endMs, 600, () => this.#publish());
    world.runUntil(endMs);
    if (world.invariants.acknowledged === before) throw new Error('nothing goes on after healing');
  }

  /** Any one voter, where the others can elect, under load. */
  loseOne(): void {
    const world = this.#world;
    world.allow(noFaults);
    world.runUntil(world.queue.nowMs + failoverMsMax);
    const { current } = (world.leader ?? this.#node(0)).voters;
    if (current.voters.length - 1 < current.majority) return;
    const lost = world.node(this.#draw.pick(current.voters).nodeId);
    const copies = current.dataVoters.filter(({ nodeId }) => nodeId !== lost.nodeId).length;
    if (copies < this.#plan.minInsyncReplicas(current.dataVoters.length)) return;
    this.#repeat(world.queue.nowMs + failoverMsMax, 600, () => this.#publish());
    world.runUntil(world.queue.nowMs + this.#draw.next() * 100);
    // Gone, or silent.
    if (this.#draw.chance(0.5)) world.crash(lost);
    else world.pause(lost);
    world.runUntil(world.queue.nowMs + failoverMsMax / 2);
    const before = world.invariants.acknowledged;
    world.runUntil(world.queue.nowMs + failoverMsMax / 2);
    if (world.invariants.acknowledged === before) {
      throw new Error(`nothing goes on without node ${lost.nodeId}`);
    }
    if (lost.isPaused) world.resume(lost);
    world.restart(lost);
  }

  /** What is not as it should be yet. */
  #missing(): string | undefined {
    const { leader, nodes, wanted } = this.#world;
    if (leader?.replica === undefined) return 'a leader';
    const { leaderEpoch, highWatermark } = leader.replica;
    const { current } = leader.voters;
    if (!current.isSameAs(wanted)) return 'the wanted voters';
    if (highWatermark < leader.log.logEndOffset) return 'a commit of everything';
    for (const { nodeId, replica, log } of nodes) {
      if (replica?.leaderEpoch !== leaderEpoch) return `node ${nodeId} in epoch ${leaderEpoch}`;
      if (replica.leaderId !== leader.nodeId) return `node ${nodeId} following`;
      if (log.persistedOffset !== leader.log.logEndOffset) return `everything on node ${nodeId}`;
      if (replica.highWatermark !== highWatermark) return `the watermark on node ${nodeId}`;
    }
    return undefined;
  }

  #publish(): void {
    for (const leader of this.#world.leaders) this.#world.publish(leader);
  }

  #cut(): void {
    const world = this.#world;
    const draw = this.#draw;
    const [a, b] = [draw.pick(world.nodes).nodeId, draw.pick(world.nodes).nodeId];
    world.network.cut(a, b);
    if (draw.chance(0.5)) world.network.cut(b, a);
    world.queue.after(draw.next() * 10_000, () => world.network.heal());
  }

  /** At random times until `endMs`, `perMinute` on average. */
  #repeat(endMs: number, perMinute: number, run: () => void): void {
    const { queue } = this.#world;
    const next = (): void => {
      if (perMinute === 0 || queue.nowMs >= endMs) return;
      queue.after((this.#draw.next() * 2 * 60_000) / perMinute, () => {
        if (queue.nowMs < endMs) run();
        next();
      });
    };
    next();
  }

  #node(index: number): GroupNode {
    const node = this.#world.nodes[index];
    if (node === undefined) throw new Error('a group has nodes');
    return node;
  }
}
