import type { Prng } from '../../src/base/prng.ts';
import type { VoterSet } from '../../src/core/replica/voter-set.ts';
import { noFaults } from './faults.ts';
import type { GroupNode } from './group-node.ts';
import type { GroupWorld } from './group-world.ts';
import { InvariantBroken } from './invariants/invariant-broken.ts';
import { Operator } from './operator.ts';
import { drawSeats, type Plan } from './plan.ts';

const healMsMax = 60_000;
/** A hundred thousand records by twenties over a slow link take 2,000 s. */
const convergeMsMax = 4_000_000;
const stepMs = 5_000;
/** From the death of any one voter to the next acknowledged record, with all others healthy. */
const failoverMsMax = 15_000;
/** A follower that falls silent for a moment again and again, and what that may cost (C4). */
const flap = { forMs: 60_000, everyMs: 3_000, silentMs: 1_300, stalledMsMax: 12_000, lookMs: 100 };
/** Less than what a follower waits for its leader, more than what a message takes. */
const unnoticedMs = 100;
/** A leader is cut off at most so long; within it another one is elected. */
const awayMsMax = 8_000;

/** What happens to one group: first everything breaks, then it must go on. */
export class GroupScenario {
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
    const draw = this.#draw;
    const { faults, changes, disks, rot, trims, publishesPerMinute } = this.#plan;
    const { operator, one } = { operator: this.#operator, one: () => draw.pick(world.nodes) };
    const repeat = (perMinute: number, run: () => void): void =>
      this.#repeat(endMs, perMinute, run);
    repeat(publishesPerMinute, () => this.#publish());
    repeat(faults.crashes, () => world.crashFor(one(), draw.next() * 5_000));
    repeat(faults.stops, () => world.stopFor(one(), draw.next() * 5_000));
    repeat(faults.pauses, () => this.#pause(one(), draw.next() * 10_000));
    repeat(faults.cuts, () => this.#cut());
    repeat(faults.isolations, () => this.#isolate(one(), draw.next() * 6_000));
    repeat(faults.returns, () => this.#return());
    repeat(faults.stalls, () => this.#stall(one()));
    repeat(faults.handOvers, () => world.handOver());
    repeat(changes, () => world.want(drawSeats(draw, this.#plan)));
    repeat(disks, () => operator.replaceDisk(one(), draw.chance(0.3)));
    repeat(rot, () => operator.rot(one()));
    repeat(trims, () => this.#trim());
    world.runUntil(endMs);
  }

  heal(): void {
    const world = this.#world;
    world.network.heal();
    // It stays as slow and lossy as it was.
    const { faults } = this.#plan;
    const fetchRecordsMax = Math.max(faults.fetchRecordsMax, 20);
    const never = (): boolean => false;
    world.allow({
      ...faults,
      fetchRecordsMax,
      diesVoting: never,
      diesLeading: never,
      diesChanging: never,
    });
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
      if (world.queue.nowMs >= endMs) fail(`never after all healed: ${missing}`);
      world.runUntil(world.queue.nowMs + stepMs);
    }
    world.invariants.logsAgree.checkAll(world.nodes);
  }

  goOn(): void {
    const world = this.#world;
    const before = this.#acknowledged;
    const endMs = world.queue.nowMs + healMsMax;
    this.#repeat(endMs, 600, () => this.#publish());
    world.runUntil(endMs);
    if (this.#acknowledged === before) fail('nothing goes on after healing');
  }

  /** Any one voter, where the others can elect, under load. */
  loseOne(): void {
    const world = this.#world;
    world.allow(noFaults);
    world.runUntil(world.queue.nowMs + failoverMsMax);
    const { current } = (world.leader ?? world.node(1)).voters;
    const lost = world.node(this.#draw.pick(current.voters).nodeId);
    if (!this.#goesOnWithout(lost, current)) return;
    this.#repeat(world.queue.nowMs + failoverMsMax, 600, () => this.#publish());
    world.runUntil(world.queue.nowMs + this.#draw.next() * 100);
    // Gone, or silent.
    if (this.#draw.chance(0.5)) world.crash(lost);
    else world.pause(lost);
    this.#mustGoOn(`without node ${lost.nodeId}`);
    this.#comeBack(lost);
  }

  /**
   * A leader begins anew without some of its log, before anybody missed it: its node answers on,
   * and says that it leads no more (T2).
   */
  loseLog(): void {
    const world = this.#world;
    const { leader } = world;
    if (leader === undefined || !this.#goesOnWithout(leader, leader.voters.current)) return;
    world.count('loseLog');
    const others = world.nodes.map(({ nodeId }) => nodeId);
    world.network.isolate(leader.nodeId, others, 'both');
    // What is on its way arrives, and nobody is refused.
    world.runUntil(world.queue.nowMs + unnoticedMs);
    world.rot(leader);
    world.restart(leader);
    world.network.heal();
    this.#repeat(world.queue.nowMs + failoverMsMax, 600, () => this.#publish());
    this.#mustGoOn(`where node ${leader.nodeId} answers without leading`);
  }

  /** The others can elect, and are copies enough. */
  #goesOnWithout({ nodeId }: GroupNode, { voters, majority, dataVoters }: VoterSet): boolean {
    const copies = dataVoters.filter((voter) => voter.nodeId !== nodeId).length;
    const isEnough = copies >= this.#plan.minInsyncReplicas(dataVoters.length);
    return isEnough && voters.length - 1 >= majority;
  }

  #mustGoOn(how: string): void {
    const world = this.#world;
    world.runUntil(world.queue.nowMs + failoverMsMax / 2);
    const before = this.#acknowledged;
    world.runUntil(world.queue.nowMs + failoverMsMax / 2);
    if (this.#acknowledged === before) fail(`nothing goes on ${how}`);
  }

  /** Who was away does not depose a leader that the others follow (KIP-996). */
  #comeBack(lost: GroupNode): void {
    const world = this.#world;
    const before = world.leader?.replica?.leaderEpoch ?? 0;
    if (lost.isPaused) world.resume(lost);
    world.restart(lost);
    world.runUntil(world.queue.nowMs + failoverMsMax);
    const now = world.leader?.replica?.leaderEpoch;
    if (now === before) return;
    const text = `node ${lost.nodeId} came back: leader epoch ${before} became ${now}`;
    throw new InvariantBroken('leader-stays', text);
  }

  /** A voter that does not hear a leader that others hear does not depose it (KIP-996). */
  cutLink(): void {
    const world = this.#world;
    const { leader } = world;
    const voters = leader?.voters.current.dataVoters ?? [];
    const far = voters.find(({ nodeId }) => nodeId !== leader?.nodeId);
    // Without this one the others are still a majority that follows.
    const set = leader?.voters.current;
    if (leader === undefined || far === undefined || set === undefined) return;
    if (set.voters.length - 1 < set.majority) return;
    world.count('cutLink');
    const before = leader.replica?.leaderEpoch;
    world.network.cut(leader.nodeId, far.nodeId);
    world.network.cut(far.nodeId, leader.nodeId);
    world.runUntil(world.queue.nowMs + failoverMsMax);
    world.network.heal();
    world.runUntil(world.queue.nowMs + failoverMsMax);
    const now = world.leader?.replica?.leaderEpoch;
    if (now === before) return;
    const text = `node ${far.nodeId} was cut off alone: leader epoch ${before} became ${now}`;
    throw new InvariantBroken('leader-stays', text);
  }

  /** Beside a witness every voter in sync must persist first: who flaps must not stall all (C4). */
  flap(): void {
    const world = this.#world;
    const { leader } = world;
    if (leader?.voters.current.hasWitness !== true) return;
    const follower = leader.voters.current.dataVoters.find(
      ({ nodeId }) => nodeId !== leader.nodeId,
    );
    if (follower === undefined || this.#plan.minInsyncReplicas(2) > 1) return;
    const node = world.node(follower.nodeId);
    world.count('flap');
    // Whatever it did before is forgotten after so long.
    world.runUntil(world.queue.nowMs + 2 * flap.forMs);
    const endMs = world.queue.nowMs + flap.forMs;
    this.#repeat(endMs, 3_000, () => this.#publish());
    this.#repeatEach(endMs, flap.everyMs, () => this.#pause(node, flap.silentMs));
    let [stalledMs, before] = [0, this.#acknowledged];
    while (world.queue.nowMs < endMs) {
      world.runUntil(world.queue.nowMs + flap.lookMs);
      if (this.#acknowledged === before) stalledMs += flap.lookMs;
      before = this.#acknowledged;
    }
    world.resume(node);
    if (stalledMs <= flap.stalledMsMax) return;
    fail(`nothing was acknowledged for ${stalledMs} ms of ${flap.forMs} while a follower flapped`);
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

  get #acknowledged(): number {
    return this.#world.invariants.acknowledgedStays.count;
  }

  #publish(): void {
    const { burstMax } = this.#plan;
    const records = burstMax > 1 && this.#draw.chance(0.05) ? 1 + this.#draw.below(burstMax) : 1;
    for (const leader of this.#world.leaders) this.#world.publish(leader, records);
  }

  #pause(node: GroupNode, ms: number): void {
    this.#world.pause(node);
    this.#world.queue.after(ms, () => this.#world.resume(node));
  }

  #cut(): void {
    const world = this.#world;
    const draw = this.#draw;
    const [a, b] = [draw.pick(world.nodes).nodeId, draw.pick(world.nodes).nodeId];
    world.count('cut');
    world.network.cut(a, b);
    if (draw.chance(0.5)) world.network.cut(b, a);
    world.queue.after(draw.next() * 10_000, () => world.network.heal());
  }

  #isolate({ nodeId }: GroupNode, ms: number): void {
    const world = this.#world;
    const others = world.nodes.map((node) => node.nodeId);
    world.count('isolate');
    world.network.isolate(nodeId, others, this.#draw.pick(['both', 'both', 'says', 'hears']));
    world.queue.after(ms, () => world.network.heal());
  }

  /** A leader is cut off with what it goes on appending; it is back as its successor dies. */
  #return(): void {
    const world = this.#world;
    const { leader } = world;
    if (leader === undefined) return;
    const others = world.nodes.map(({ nodeId }) => nodeId);
    world.network.isolate(leader.nodeId, others, 'both');
    const untilMs = world.queue.nowMs + awayMsMax;
    const look = (): void => {
      const next = world.leader;
      const isLed = next !== leader && next?.replica?.leadership?.isEpochCommitted === true;
      if (!isLed && world.queue.nowMs < untilMs) return world.queue.after(20, look);
      world.queue.after(this.#draw.next() ** 2 * 500, () => {
        world.network.heal();
        if (!isLed) return;
        world.count('return');
        world.crashFor(next, 3_000 + this.#draw.next() * 5_000);
      });
    };
    look();
  }

  #stall(other: GroupNode): void {
    const world = this.#world;
    const node = this.#draw.chance(0.7) ? (world.leader ?? other) : other;
    const ms = 50 + this.#draw.next() * 3_000;
    world.stall(node, ms);
    const { incarnation } = node;
    if (this.#draw.chance(0.4)) return;
    world.queue.after(this.#draw.next() * ms, () => {
      if (node.incarnation === incarnation) world.crashFor(node, this.#draw.next() * 5_000);
    });
  }

  #trim(): void {
    const { leader } = this.#world;
    const start = leader?.log.logStartOffset ?? 0;
    const room = (leader?.replica?.highWatermark ?? 0) - start;
    if (leader === undefined || room <= 0) return;
    this.#world.trim(leader, start + this.#draw.below(room + 1));
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

  #repeatEach(endMs: number, everyMs: number, run: () => void): void {
    const { queue } = this.#world;
    queue.after(everyMs, () => {
      if (queue.nowMs >= endMs) return;
      run();
      this.#repeatEach(endMs, everyMs, run);
    });
  }
}

function fail(text: string): never {
  throw new InvariantBroken('goes-on', text);
}
