import type { Prng } from '../../src/base/prng.ts';

/** How badly one simulated world behaves. Each seed draws its own mix. */
export interface Faults {
  delayMs(random: Prng, from: number, to: number): number;
  loses(random: Prng): boolean;
  doubles(random: Prng): boolean;
  fsyncMs(random: Prng): number;
  /** A process dies around its vote: between the promise and the disk, or right after. */
  diesVoting(random: Prng): boolean;
  /** A leader dies within moments of its election (Raft's figure 8 needs some of these). */
  diesLeading(random: Prng): boolean;
  /** A leader dies as it changes its voters, perhaps before its own disk has the change. */
  diesChanging(random: Prng): boolean;
  /** Records of one Fetch answer. */
  readonly fetchRecordsMax: number;
  /** How far apart the clocks of nodes run: 0.02 = one by 1 % too fast, another too slowly. */
  readonly clockDrift: number;
  /** Of each kind, per simulated minute. */
  readonly crashes: number;
  readonly stops: number;
  readonly pauses: number;
  /** One link, one way or both. */
  readonly cuts: number;
  /** A whole node. */
  readonly isolations: number;
  /** A leader that was cut off is back as its successor dies. */
  readonly returns: number;
  readonly handOvers: number;
  /** A disk takes no fsync for a while, mostly the leader's; often its machine dies then. */
  readonly stalls: number;
  /** What is on, for people. */
  readonly names: readonly string[];
}

/** A network and disks as they are on a good day. */
export const noFaults: Faults = {
  delayMs: (r) => 0.2 + r.next() * 5,
  loses: () => false,
  doubles: () => false,
  fsyncMs: (r) => 0.2 + r.next() * 5,
  diesVoting: () => false,
  diesLeading: () => false,
  diesChanging: () => false,
  ...{ fetchRecordsMax: 200, clockDrift: 0, names: [] },
  ...{ crashes: 0, stops: 0, pauses: 0, cuts: 0, isolations: 0, returns: 0, handOvers: 0 },
  stalls: 0,
};

/** Of 100 worlds so many have no fault at all, and so many have all of them. */
const noneOf100 = 4;
const allOf100 = 10;

/** Draws from no faults at all to all of them. */
export function drawFaults(random: Prng): Faults {
  const mix = random.below(100);
  if (mix < noneOf100) return noFaults;
  const offChance = mix < noneOf100 + allOf100 ? 0 : 0.35;
  // A calm world, where voters can change again and again; a hectic one, where leaders hardly live
  // long enough to commit.
  const pace = random.pick([0.1, 0.1, 0.1, 1, 1, 1, 1, 10, 10]);
  const calm = Math.min(pace, 1);
  const rate = (most: number): number =>
    random.chance(offChance) ? 0 : (0.05 + 0.95 * random.next()) * most;
  const rates = {
    ...{ loss: rate(0.2), doubling: rate(0.1), slowNetwork: rate(0.1), slowDisk: rate(0.1) },
    ...{ deathsVoting: rate(0.2), deathsLeading: rate(calm), deathsChanging: rate(0.8) },
    // A slow pair: what one follower has and the other lacks stays so for a while.
    slowPairMs: random.chance(0.5) ? rate(150) : 0,
    // A radio link: candidates do not hear of each other before they ask.
    farMs: random.chance(0.4) ? rate(60) : 0,
    clockDrift: rate(0.02),
    ...{ crashes: rate(20 * pace), stops: rate(5 * calm), pauses: rate(10 * calm) },
    ...{ cuts: rate(10 * pace), isolations: rate(5 * calm), returns: rate(6 * calm) },
    ...{ handOvers: rate(5), stalls: rate(8 * calm) },
  };
  return {
    ...rates,
    ...network(rates),
    fsyncMs: (r) => (r.chance(rates.slowDisk) ? r.next() * 2_000 : 0.2 + r.next() * 5),
    diesVoting: (r) => r.chance(rates.deathsVoting),
    diesLeading: (r) => r.chance(rates.deathsLeading),
    diesChanging: (r) => r.chance(rates.deathsChanging),
    fetchRecordsMax: random.pick([1, 3, 20, 200]),
    names: Object.entries(rates).flatMap(([name, value]) => (value > 0 ? name : [])),
  };
}

function network(rates: {
  readonly loss: number;
  readonly doubling: number;
  readonly slowNetwork: number;
  readonly slowPairMs: number;
  readonly farMs: number;
}): Pick<Faults, 'delayMs' | 'loses' | 'doubles'> {
  const { loss, doubling, slowNetwork, slowPairMs, farMs } = rates;
  return {
    loses: (r) => r.chance(loss),
    doubles: (r) => r.chance(doubling),
    delayMs: (r, from, to) => {
      const pairMs = slowPairMs > 0 && (from + to) % 3 === 0 ? slowPairMs : 0;
      const ownMs = r.chance(slowNetwork) ? r.next() * 500 : 0.2 + r.next() * 5;
      return pairMs + farMs * (0.5 + r.next()) + ownMs;
    },
  };
}
