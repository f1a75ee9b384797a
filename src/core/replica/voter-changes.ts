import { isSameReplica, VoterSet, type ReplicaId, type Voter } from './voter-set.ts';

/** What a leader knows that decides about the next change of its voters. */
export interface VoterChangeView {
  readonly self: ReplicaId;
  readonly current: VoterSet;
  readonly minInsyncReplicas: (dataVoters: number) => number;
  /** It fetches and has all that is committed: it can help to commit. */
  isLive(voter: Voter): boolean;
  /** It has persisted the log end of this leader: it can be a voter (V1). */
  hasCaughtUp(voter: Voter): boolean;
}

export type VoterStep =
  | { readonly type: 'append'; readonly voters: VoterSet }
  /** What is left to do is the removal of this leader: another one does that. */
  | { readonly type: 'handOver' };

/**
 * The next step from the voters in force to those that are wanted (V1): one voter added or removed.
 * Additions come first, data before witnesses, so that there are never fewer copies than before or
 * after; of a node with a new disk the old voter goes first, once the new one has caught up. Nobody
 * goes or comes if what is left could not commit. A disk keeps its role in a partition: its log of
 * a witness is none of a data voter, and would break what it promised.
 * @returns undefined if nothing is to be done, or can be done now.
 */
export function nextVoterStep(wanted: VoterSet, view: VoterChangeView): VoterStep | undefined {
  const { current } = view;
  const missing = wanted.voters.filter((voter) => !has(current, voter));
  const surplus = current.voters.filter((voter) => !has(wanted, voter));
  const steps = [...additions(missing, view), ...removals({ missing, surplus, wanted }, view)];
  const voters = steps.find((set) => canCommit(set, view));
  if (voters !== undefined) return { type: 'append', voters };
  const [last] = surplus;
  const isLast = surplus.length === 1 && last !== undefined && isSameReplica(last, view.self);
  const isAlone = missing.every(({ nodeId }) => nodeId === view.self.nodeId);
  return isLast && isAlone && hasHeir(current, view) ? { type: 'handOver' } : undefined;
}

function additions(missing: readonly Voter[], view: VoterChangeView): VoterSet[] {
  return missing
    .filter((voter) => view.current.ofNode(voter.nodeId) === undefined && view.hasCaughtUp(voter))
    .sort((a, b) => Number(a.role === 'witness') - Number(b.role === 'witness'))
    .map((voter) => new VoterSet([...view.current.voters, voter]));
}

function removals(
  sets: {
    readonly missing: readonly Voter[];
    readonly surplus: readonly Voter[];
    readonly wanted: VoterSet;
  },
  view: VoterChangeView,
): VoterSet[] {
  const { missing, surplus, wanted } = sets;
  const { current, self } = view;
  // Who is still to come replaces someone who goes: until then that one stays.
  const isWaiting = missing.some(({ nodeId }) => current.ofNode(nodeId) === undefined);
  const mayGo = (voter: Voter): boolean => {
    if (isSameReplica(voter, self)) return false;
    const next = wanted.ofNode(voter.nodeId);
    return next === undefined ? !isWaiting : view.hasCaughtUp(next);
  };
  return surplus
    .filter(mayGo)
    .map((voter) => new VoterSet(current.voters.filter((other) => other !== voter)));
}

function canCommit(set: VoterSet, view: VoterChangeView): boolean {
  const live = set.voters.filter((voter) => isSameReplica(voter, view.self) || view.isLive(voter));
  const copies = live.filter(({ role }) => role === 'data').length;
  return live.length >= set.majority && copies >= view.minInsyncReplicas(set.dataVoters.length);
}

function hasHeir({ dataVoters }: VoterSet, { self, isLive }: VoterChangeView): boolean {
  return dataVoters.some((voter) => !isSameReplica(voter, self) && isLive(voter));
}

function has(set: VoterSet, voter: Voter): boolean {
  return set.find(voter)?.role === voter.role;
}
