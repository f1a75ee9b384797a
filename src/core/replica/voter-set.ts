import { assert } from '../../base/assert.ts';
import type { Offset, Uuid } from '../../base/brand.ts';

/** One disk of one node: a node with a new disk is another replica (V1, V4). */
export interface ReplicaId {
  readonly nodeId: number;
  readonly directoryId: Uuid;
}

/** `witness`: votes and keeps epochs and offsets, but no records (V3). */
export interface Voter extends ReplicaId {
  readonly role: 'data' | 'witness';
}

export const isSameReplica = (a: ReplicaId, b: ReplicaId): boolean =>
  a.nodeId === b.nodeId && a.directoryId === b.directoryId;

/** Who votes in one partition, from some offset of its log on (V1). */
export class VoterSet {
  readonly voters: readonly Voter[];

  constructor(voters: readonly Voter[]) {
    const nodes = new Set(voters.map(({ nodeId }) => nodeId));
    assert(nodes.size === voters.length, 'one voter for each node');
    this.voters = voters;
  }

  get majority(): number {
    return Math.floor(this.voters.length / 2) + 1;
  }

  get dataVoters(): readonly Voter[] {
    return this.voters.filter(({ role }) => role === 'data');
  }

  get hasWitness(): boolean {
    return this.voters.some(({ role }) => role === 'witness');
  }

  find(replica: ReplicaId): Voter | undefined {
    return this.voters.find((voter) => isSameReplica(voter, replica));
  }

  ofNode(nodeId: number): Voter | undefined {
    return this.voters.find((voter) => voter.nodeId === nodeId);
  }

  /** The same replicas in the same roles, in whatever order. */
  isSameAs(other: VoterSet): boolean {
    return (
      this.voters.length === other.voters.length &&
      this.voters.every((voter) => other.find(voter)?.role === voter.role)
    );
  }

  /**
   * Whether `next` adds, or removes, exactly one voter: majorities of the two sets overlap (V1).
   */
  isOneStepTo(next: VoterSet): boolean {
    const added = next.voters.filter((voter) => this.find(voter)?.role !== voter.role);
    const removed = this.voters.filter((voter) => next.find(voter)?.role !== voter.role);
    return added.length + removed.length === 1;
  }
}

/**
 * The voter sets of one log: each in force from the append of its control record, undone by
 * truncation (V1). The first one is in force at the log start.
 */
export class VoterHistory {
  #sets: { readonly from: Offset; readonly set: VoterSet }[];

  constructor(first: VoterSet, from: Offset) {
    this.#sets = [{ from, set: first }];
  }

  get current(): VoterSet {
    return this.#latest.set;
  }

  /** Offset of the record that put the current set in force. */
  get currentFrom(): Offset {
    return this.#latest.from;
  }

  /** Ascending; the first one is in force at the log start. */
  get sets(): readonly { readonly from: Offset; readonly set: VoterSet }[] {
    return this.#sets;
  }

  /** The newest record removes it from the set before. */
  isRemoved(replica: ReplicaId): boolean {
    const before = this.#sets.at(-2)?.set.find(replica);
    return before !== undefined && this.current.find(replica) === undefined;
  }

  appended(set: VoterSet, at: Offset): void {
    assert(at >= this.currentFrom, 'voter sets follow each other in the log');
    this.#sets.push({ from: at, set });
  }

  /** A hole was filled: sets that were recorded in it are known from now on. */
  learned(sets: readonly { readonly from: Offset; readonly set: VoterSet }[]): void {
    const [first, ...known] = this.#sets;
    const isNews = ({ from }: { readonly from: Offset }): boolean =>
      first !== undefined && from >= first.from && !known.some((one) => one.from === from);
    const news = sets.filter(isNews);
    if (news.length === 0 || first === undefined) return;
    this.#sets = [first, ...[...known, ...news].sort((a, b) => a.from - b.from)];
  }

  /** The log was cut: sets from `to` on are undone. The first one always stays. */
  truncated(to: Offset): void {
    this.#sets = this.#sets.filter(({ from }, i) => i === 0 || from < to);
  }

  /** The log begins anew at an offset, with this set (V1). */
  reset(set: VoterSet, from: Offset): void {
    this.#sets = [{ from, set }];
  }

  /** The set in force at an offset: what a replica that begins there must be told. */
  at(offset: Offset): VoterSet {
    const inForce = this.#sets.findLast(({ from }) => from <= offset) ?? this.#sets[0];
    assert(inForce !== undefined, 'the first set never goes');
    return inForce.set;
  }

  get #latest(): { readonly from: Offset; readonly set: VoterSet } {
    const latest = this.#sets.at(-1);
    assert(latest !== undefined, 'the first set never goes');
    return latest;
  }
}
