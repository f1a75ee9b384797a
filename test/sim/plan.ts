import type { Prng } from '../../src/base/prng.ts';
import type { Voter } from '../../src/core/replica/voter-set.ts';
import { drawFaults, type Faults } from './faults.ts';
import type { GroupShape, Seat } from './group-world.ts';

/** What happens to one simulated group, drawn from its seed: who it is, what is asked of it. */
export interface Plan extends GroupShape {
  /** For people. */
  readonly name: string;
  readonly faults: Faults;
  readonly publishesPerMinute: number;
  /** Other voters are wanted, so often per minute; 0: never. */
  readonly changes: number;
  /** Disks are replaced. */
  readonly disks: number;
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

const seatsOf = (roles: readonly Role[]): Seat[] =>
  roles.map((role, i) => ({ nodeId: i + 1, role }));

export function drawPlan(random: Prng): Plan {
  const isChanging = random.chance(0.4);
  const roles = random.pick(isChanging ? groups.slice(0, 4) : groups);
  const observers = isChanging ? 2 + random.below(2) : random.below(2);
  const rate = (share: number, most: number): number =>
    random.chance(share) ? random.next() * most : 0;
  return {
    name: `${roles.join(' ')} + ${observers}${isChanging ? ', changing' : ''}`,
    nodes: roles.length + observers,
    seats: seatsOf(roles),
    faults: drawFaults(random),
    publishesPerMinute: 600 + random.below(6_000),
    changes: isChanging ? 1 + random.next() * 5 : 0,
    disks: rate(isChanging ? 0.7 : 0.3, 2),
    trims: rate(0.5, 6),
  };
}

/** Another assignment: up to three data voters, or two and a witness, on any of the nodes. */
export function drawSeats(random: Prng, nodes: number): Seat[] {
  const ids = Array.from({ length: nodes }, (_, i) => i + 1);
  const take = (): number => ids.splice(random.below(ids.length), 1)[0] ?? 1;
  const count = random.pick([1, 2, 3, 3, 3, 5]);
  const seats: Seat[] = [];
  while (seats.length < count && ids.length > 0) seats.push({ nodeId: take(), role: 'data' });
  // An even number of copies gets a witness on a further node (V5), mostly.
  if (seats.length % 2 === 0 && ids.length > 0 && random.chance(0.8)) {
    seats.push({ nodeId: take(), role: 'witness' });
  }
  return seats;
}
