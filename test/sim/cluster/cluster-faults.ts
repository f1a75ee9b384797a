import type { Prng } from '../../../src/base/prng.ts';
import type { CrashMode } from '../../fakes/fake-disk.ts';
import type { ClusterWorld } from './cluster-world.ts';
import type { Machine } from './machine.ts';
import { MqttClient } from './mqtt-client.ts';
import { centralHost } from './sim-central.ts';
import { goodMood, type DiskMood } from './sim-disk.ts';
import { goodLines, type Lines } from './sim-tcp.ts';

/** How often what goes wrong; rates are per minute of the whole cluster. */
export interface FaultRates {
  readonly kills: number;
  readonly powerCuts: number;
  /** All machines lose power together: one breaker. */
  readonly blackouts: number;
  readonly pauses: number;
  readonly cuts: number;
  readonly breaks: number;
  readonly failingSyncs: number;
  readonly fullDisks: number;
  readonly clockJumps: number;
  /** Of forwarders alone, and of central's broker. */
  readonly forwarderKills: number;
  readonly centralStops: number;
  readonly centralCuts: number;
  /** The share of transactions at central whose end nobody is told. */
  readonly unclearEnds: number;
  /** Its leader dies, and soon after sensors go to other nodes. */
  readonly sessionsLost: number;
  readonly stops: number;
  /** Bits that flip on the disk of one node of several that keep records. */
  readonly rot: number;
  readonly lines: Lines;
  readonly disk: DiskMood;
}

const minuteMs = 60_000;
const powerModes: readonly CrashMode[] = ['lost', 'torn', 'some'];
/**
 * What `some` leaves of unsynced writes may have a hole, and behind it a lone voter's producers
 * begin anew: a reading of QoS 2 may come twice (L6).
 */
const lonePowerModes = powerModes.slice(0, 2);

/** @param more for what was added later: known seeds keep the rest of their faults. */
export function drawFaults(random: Prng, more: Prng): FaultRates {
  const rate = (share: number, most: number): number =>
    random.chance(share) ? random.next() * most : 0;
  const [slowDelay, slowSync] = [rate(0.4, 0.1), rate(0.4, 0.1)];
  const farMs = rate(0.25, 30);
  const slowLineBytesPerMs = random.chance(0.2) ? 5 + random.next() * 200 : Infinity;
  const stallMs = random.chance(0.2) ? 8_000 : 1_000;
  return {
    kills: rate(0.8, 10),
    powerCuts: rate(0.6, 5),
    blackouts: rate(0.3, 2),
    pauses: rate(0.5, 6),
    cuts: rate(0.6, 8),
    breaks: rate(0.5, 30),
    failingSyncs: rate(0.4, 2),
    fullDisks: rate(0.3, 2),
    clockJumps: rate(0.3, 4),
    forwarderKills: rate(0.4, 6),
    centralStops: rate(0.4, 3),
    centralCuts: rate(0.5, 6),
    unclearEnds: rate(0.5, 0.15),
    sessionsLost: rate(0.5, 8),
    stops: more.chance(0.4) ? more.next() * 6 : 0,
    rot: more.chance(0.6) ? more.next() * 12 : 0,
    lines: {
      delayMs: (r) =>
        farMs * (0.5 + r.next()) + (r.chance(slowDelay) ? r.next() * 400 : 0.1 + r.next() * 2),
      // One line of three is a radio link.
      bytesPerMs: (from, to) => ((from + to) % 3 === 0 ? slowLineBytesPerMs : Infinity),
    },
    disk: {
      fsyncMs: (r) => (r.chance(slowSync) ? r.next() * stallMs : 0.3 + r.next() * 5),
      slowCalls: 0.05,
    },
  };
}

/** Breaks a cluster until it is told to heal. */
export class ClusterFaults {
  readonly #world: ClusterWorld;
  readonly #random: Prng;
  readonly #rates: FaultRates;
  #isHealed = false;

  constructor(world: ClusterWorld, random: Prng, rates: FaultRates) {
    this.#world = world;
    this.#random = random;
    this.#rates = rates;
  }

  begin(): void {
    const { machines, net, central } = this.#world;
    const rates = this.#rates;
    net.lines = rates.lines;
    if (central !== undefined) {
      central.unclearEnds = rates.unclearEnds;
      central.killForwarder = (host) => machines[host - 1]?.killForwarder();
    }
    for (const machine of machines) machine.disk.mood = rates.disk;
    this.#often(rates.kills, () => this.#crash(this.#machine(), 'killed'));
    this.#often(rates.powerCuts, () => this.#crash(this.#machine(), this.#powerMode()));
    this.#often(rates.blackouts, () => {
      const mode = this.#powerMode();
      for (const machine of machines) this.#crash(machine, mode);
    });
    this.#often(rates.pauses, () => this.#machine().pause(this.#random.next() * 5_000));
    this.#often(rates.cuts, () => this.#cut());
    this.#often(rates.breaks, () => net.breakOne());
    this.#often(rates.failingSyncs, () => this.#machine().disk.failNextSync());
    this.#often(rates.fullDisks, () => this.#fill());
    this.#often(rates.clockJumps, () => {
      this.#machine().clock.setWall((this.#random.next() - 0.5) * 600_000);
    });
    this.#often(rates.forwarderKills, () => this.#machine().killForwarder());
    this.#often(rates.centralStops, () => this.#stopCentral());
    this.#often(rates.sessionsLost, () => this.#loseSessions());
    this.#often(rates.stops, () => this.#stop(this.#machine()));
    this.#often(rates.rot, () => this.#rot());
    this.#often(rates.centralCuts, () => this.#cutOff(this.#machine().nodeId, [centralHost]));
  }

  /** Everything runs and is connected again. */
  heal(): void {
    this.#isHealed = true;
    const { machines, net, central } = this.#world;
    net.lines = goodLines;
    net.healAll();
    central?.open();
    if (central !== undefined) central.unclearEnds = 0;
    for (const machine of machines) {
      machine.disk.mood = goodMood;
      machine.disk.limit(undefined);
      machine.start();
    }
  }

  #crash(machine: Machine, mode: CrashMode): void {
    machine.crash(mode);
    this.#after(this.#random.next() * 5_000, () => machine.start());
  }

  #stop(machine: Machine): void {
    machine.stop();
    this.#after(this.#random.next() * 5_000, () => machine.start());
  }

  /**
   * Always the same disk: of two copies that rot the same may be gone. With a witness a copy may be
   * the only one of what was committed while the other one was away.
   */
  #rot(): void {
    const { machines } = this.#world;
    const hasWitness = machines.some(({ isWitness }) => isWitness);
    if (machines.length >= 2 && !hasWitness) machines[0]?.rot();
  }

  /** One way or both, between two nodes or around one. */
  #cut(): void {
    const { machines } = this.#world;
    const { nodeId: one } = this.#machine();
    const isAlone = this.#random.chance(0.4);
    const others = machines.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== one);
    if (others.length === 0) return;
    this.#cutOff(one, isAlone ? others : [this.#random.pick(others)]);
  }

  #cutOff(one: number, others: readonly number[]): void {
    const { net } = this.#world;
    const isBothWays = this.#random.chance(0.6);
    const pairs = others.flatMap((other) => {
      const there: readonly [number, number] = [one, other];
      return isBothWays ? [there, [other, one] as const] : [there];
    });
    for (const [from, to] of pairs) net.cut(from, to);
    this.#after(this.#random.next() * 12_000, () => {
      for (const [from, to] of pairs) net.heal(from, to);
    });
  }

  /** What sessions have on its way is lost, or comes when others act for them. */
  #loseSessions(): void {
    const { machines, clients } = this.#world;
    const leads = ({ partitions }: Machine): boolean =>
      [...partitions].some(({ topic, isLeader }) => isLeader && topic === '__mqtt_sessions');
    const leader = machines.find(leads);
    if (leader === undefined) return;
    this.#crash(leader, 'killed');
    for (const client of clients) {
      if (client instanceof MqttClient)
        this.#after(this.#random.next() * 3_000, () => client.roam());
    }
  }

  #stopCentral(): void {
    const { central } = this.#world;
    central?.close();
    this.#after(this.#random.next() * 8_000, () => central?.open());
  }

  #fill(): void {
    const { disk } = this.#machine();
    disk.limit(this.#random.below(3_000));
    this.#after(this.#random.next() * 10_000, () => disk.limit(undefined));
  }

  #machine(): Machine {
    return this.#random.pick(this.#world.machines);
  }

  #powerMode(): CrashMode {
    const isAlone = this.#world.machines.length === 1;
    return this.#random.pick(isAlone ? lonePowerModes : powerModes);
  }

  #often(perMinute: number, run: () => void): void {
    if (perMinute === 0) return;
    this.#after((-Math.log(1 - this.#random.next()) * minuteMs) / perMinute, () => {
      run();
      this.#often(perMinute, run);
    });
  }

  #after(ms: number, run: () => void): void {
    this.#world.time.after(ms, () => {
      if (!this.#isHealed) run();
    });
  }
}
