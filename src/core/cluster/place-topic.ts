import type { Uuid } from '../../base/brand.ts';
import type {
  AssignedReplicaValue,
  AssignmentValue,
  TopicValue,
} from '../../wire/state/state-codec.ts';

/** A node that may carry replicas, with the disk that it has now (V4). */
export interface ClusterMember {
  readonly nodeId: number;
  readonly directoryId: Uuid;
  /** The whole node is one: it takes no records (V3). */
  readonly isWitness: boolean;
}

/** What a topic asks for. */
export interface PlacementWish {
  readonly partitions: number;
  /** 0: auto. */
  readonly replicas: number;
  /** Where its replicas are now: they stay where they may. */
  readonly present?: readonly AssignmentValue[];
}

export interface PlacedTopic {
  /** Wanted, by partition; the first one leads where it can (T4), a witness comes last. */
  readonly assignments: readonly AssignmentValue[];
  readonly dataReplicas: number;
  /** One loss would stop it, and no further node is there to prevent that (V5). */
  readonly isWitnessMissing: boolean;
}

/** All data nodes get a copy, but no more than so many, unless a topic says so itself. */
export const autoReplicasMax = 3;

/** How many copies a topic gets; `replicas` 0: auto. */
export const dataReplicasOf = (replicas: number, dataNodes: number): number =>
  Math.min(replicas === 0 ? autoReplicasMax : replicas, dataNodes);

/**
 * Where the replicas of a topic go: on the nodes that carry the fewest, each partition led
 * first by the one of them that leads the fewest (`others`: topics that are placed already). Where
 * an even number of data nodes would vote, a further node keeps a witness: a node that is nothing
 * else before one with records (V5).
 */
export function placeTopic(
  wish: PlacementWish,
  members: readonly ClusterMember[],
  others: Iterable<Pick<TopicValue, 'assignments'>>,
): PlacedTopic {
  const load = new Load(others);
  const data = members.filter(({ isWitness }) => !isWitness);
  const dataReplicas = dataReplicasOf(wish.replicas, data.length);
  const isWitnessWanted = dataReplicas > 0 && dataReplicas % 2 === 0;
  const assignments: AssignmentValue[] = [];
  let isWitnessMissing = false;
  for (let i = 0; i < wish.partitions; i++) {
    const present = wish.present?.[i] ?? [];
    const keepers = presentFirst(load.least(data, 'carried'), present, false);
    keepers.length = Math.min(keepers.length, dataReplicas);
    const leader = load.leastLed(keepers);
    const further = members.filter((member) => !keepers.includes(member));
    const pure = further.filter(({ isWitness }) => isWitness);
    const witnesses = load.least(pure.length > 0 ? pure : further, 'witnessed');
    const [witness] = presentFirst(witnesses, present, true);
    isWitnessMissing ||= isWitnessWanted && witness === undefined;
    const assignment = [
      ...ringFrom(keepers, leader).map((keeper) => replicaOn(keeper, false)),
      ...(isWitnessWanted && witness !== undefined ? [replicaOn(witness, true)] : []),
    ];
    load.add(assignment);
    assignments.push(assignment);
  }
  return { assignments, dataReplicas, isWitnessMissing };
}

/** Those that keep such a replica already, as they were listed; then the others. */
function presentFirst(
  members: readonly ClusterMember[],
  present: AssignmentValue,
  isWitness: boolean,
): ClusterMember[] {
  const kept = present.flatMap((replica) =>
    replica.isWitness === isWitness
      ? members.filter(({ nodeId }) => nodeId === replica.nodeId)
      : [],
  );
  return [...kept, ...members.filter((member) => !kept.includes(member))];
}

/** Copies, first places and witnesses of each node, over all partitions. */
class Load {
  readonly #carried = new Map<number, number>();
  readonly #led = new Map<number, number>();
  readonly #witnessed = new Map<number, number>();

  constructor(topics: Iterable<Pick<TopicValue, 'assignments'>>) {
    for (const { assignments } of topics) for (const each of assignments) this.add(each);
  }

  add(assignment: AssignmentValue): void {
    for (const { nodeId, isWitness } of assignment) {
      count(isWitness ? this.#witnessed : this.#carried, nodeId);
    }
    const [first] = assignment;
    if (first !== undefined) count(this.#led, first.nodeId);
  }

  /** The members with the least to do first; among equals the lowest node id. */
  least(members: readonly ClusterMember[], what: 'carried' | 'witnessed'): ClusterMember[] {
    const counts = what === 'carried' ? this.#carried : this.#witnessed;
    const of = ({ nodeId }: ClusterMember): number => counts.get(nodeId) ?? 0;
    return [...members].sort((a, b) => of(a) - of(b) || a.nodeId - b.nodeId);
  }

  /** Among equals the first: whoever leads now goes on. */
  leastLed(members: readonly ClusterMember[]): ClusterMember | undefined {
    const of = ({ nodeId }: ClusterMember): number => this.#led.get(nodeId) ?? 0;
    let least = members[0];
    for (const member of members) {
      if (least !== undefined && of(member) < of(least)) least = member;
    }
    return least;
  }
}

function count(counts: Map<number, number>, nodeId: number): void {
  counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
}

/** By node id, beginning at `first`: whoever takes over from it is another one each time. */
function ringFrom(
  members: readonly ClusterMember[],
  first: ClusterMember | undefined,
): ClusterMember[] {
  const sorted = [...members].sort((a, b) => a.nodeId - b.nodeId);
  const at = first === undefined ? 0 : sorted.indexOf(first);
  return [...sorted.slice(at), ...sorted.slice(0, at)];
}

const replicaOn = (
  { nodeId, directoryId }: ClusterMember,
  isWitness: boolean,
): AssignedReplicaValue => ({ nodeId, directoryId, isWitness });
