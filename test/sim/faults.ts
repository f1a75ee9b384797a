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
  /** Records of one Fetch answer. */
  readonly fetchRecordsMax: number;
  /** Of each kind, per simulated minute. */
  readonly crashes: number;
  readonly pauses: number;
  readonly cuts: number;
  readonly handOvers: number;
}

/** A network and disks as they are on a good day. */
export const noFaults: Faults = {
  delayMs: (r) => 0.2 + r.next() * 5,
  loses: () => false,
  doubles: () => false,
  fsyncMs: (r) => 0.2 + r.next() * 5,
  diesVoting: () => false,
  diesLeading: () => false,
  fetchRecordsMax: 200,
  ...{ crashes: 0, pauses: 0, cuts: 0, handOvers: 0 },
};

/** Draws from no faults at all to all of them. */
export function drawFaults(random: Prng): Faults {
  // A hectic world: leaders hardly live long enough to commit.
  const most = random.chance(0.3) ? 10 : 1;
  const rate = (most: number): number => (random.chance(0.3) ? 0 : random.next() * most);
  const [loss, doubling, slowDelay, slowFsync] = [rate(0.2), rate(0.1), rate(0.1), rate(0.1)];
  const [voting, leading] = [rate(0.2), random.chance(0.3) ? random.next() : 0];
  // A slow pair: what one follower has and the other lacks stays so for a while.
  const slowPairMs = random.chance(0.3) ? random.next() * 150 : 0;
  // A radio link: candidates do not hear of each other before they ask.
  const farMs = random.chance(0.25) ? 10 + random.next() * 60 : 0;
  return {
    delayMs: (r, from, to) => {
      const pairMs = slowPairMs > 0 && (from + to) % 3 === 0 ? slowPairMs : 0;
      return (
        pairMs +
        farMs * (0.5 + r.next()) +
        (r.chance(slowDelay) ? r.next() * 500 : 0.2 + r.next() * 5)
      );
    },
    loses: (r) => r.chance(loss),
    doubles: (r) => r.chance(doubling),
    fsyncMs: (r) => (r.chance(slowFsync) ? r.next() * 2_000 : 0.2 + r.next() * 5),
    diesVoting: (r) => r.chance(voting),
    diesLeading: (r) => r.chance(leading),
    fetchRecordsMax: random.pick([1, 3, 20, 200]),
    crashes: rate(20 * most),
    pauses: rate(10),
    cuts: rate(10 * most),
    handOvers: rate(5),
  };
}
