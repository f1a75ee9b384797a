import type { Prng } from '../../src/base/prng.ts';
import type { Voter } from '../../src/core/replica/voter-set.ts';
import { drawFaults, type Faults } from './faults.ts';
import type { GroupShape, Seat } from './group-world.ts';

/** What happens to one simulated group, drawn from its seed: who it is, what is asked of it. */
export interface Plan extends GroupShape {
  /** For people. */
  readonly name: string;
  readonly shape: (typeof shapeNames)[number];
  readonly faults: Faults;
  readonly publishesPerMinute: number;
  /** So many records at once, at most. */
  readonly burstMax: number;
  /** Other voters are wanted, so often per minute; 0: never. */
  readonly changes: number;
  /** Disks are replaced. */
  readonly disks: number;
  /** Disks lose some of what they had. */
  readonly rot: number;
  /** The leader's log start moves. */
  readonly trims: number;
}

type Role = Voter['role'];

const groups: readonly (readonly Role[])[] = [
  ['data'],
  ['data', 'data'],
  ['data', 'data', 'witness'],
  ['data', 'data', 'data'],
  ['data', 'data', 'data', 'data'],
  ['data', 'data', 'data', 'data', 'data'],
];

/** What a group is called that begins like this. */
export const shapeNames = ['one', 'two', 'two + witness', 'three', 'four', 'five'] as const;

const seatsOf = (roles: readonly Role[]): Seat[] =>
  roles.map((role, i) => ({ nodeId: i + 1, role }));

export function drawPlan(random: Prng): Plan {
  const isChanging = random.chance(0.5);
  const shape = random.below(isChanging ? 4 : groups.length);
  const roles = groups[shape] ?? [];
  const observers = isChanging ? 2 + random.below(2) : random.below(2);
  const nodes = roles.length + observers;
  const witnesses = seatsOf(roles).flatMap(({ nodeId, role }) => (role === 'data' ? [] : nodeId));
  // Among those who come later may be a witness.
  if (isChanging && random.chance(0.5)) witnesses.push(nodes);
  const rate = (share: number, most: number): number =>
    random.chance(share) ? random.next() * most : 0;
  return {
    minInsyncReplicas: drawMinInsync(random),
    name: `${shapeNames[shape]} + ${observers}${isChanging ? ', changing' : ''}`,
    shape: shapeNames[shape] ?? 'one',
    ...{ nodes, witnesses },
    seats: seatsOf(roles),
    faults: drawFaults(random),
    segmentRecords: random.pick([1, 2, 10, 100, 1_000]),
    publishesPerMinute: 600 + random.below(6_000),
    burstMax: random.pick([1, 1, 10, 50]),
    changes: isChanging ? 1 + random.next() * 14 : 0,
    disks: rate(isChanging ? 0.7 : 0.4, 2),
    rot: rate(0.5, 8),
    trims: rate(0.6, 12),
  };
}

/** Mostly as `auto` has it; else two copies wherever there are two (C3). */
function drawMinInsync(random: Prng): (dataVoters: number) => number {
  const least = random.chance(0.3) ? 2 : 1;
  return (dataVoters) => Math.min(dataVoters, dataVoters >= 3 ? 2 : least);
}

/** Another assignment: up to five data voters; an even number gets a witness, mostly (V5). */
export function drawSeats(random: Prng, { nodes, witnesses }: GroupShape): Seat[] {
  const all = Array.from({ length: nodes }, (_, i) => i + 1);
  const ids = all.filter((nodeId) => !witnesses.includes(nodeId));
  const count = random.pick([1, 1, 2, 2, 2, 3, 3, 3, 5]);
  const seats: Seat[] = [];
  while (seats.length < count && ids.length > 0) {
    const [nodeId = 1] = ids.splice(random.below(ids.length), 1);
    seats.push({ nodeId, role: 'data' });
  }
  const needsWitness = seats.length % 2 === 0 && witnesses.length > 0 && random.chance(0.8);
  if (needsWitness) seats.push({ nodeId: random.pick(witnesses), role: 'witness' });
  return seats;
}
