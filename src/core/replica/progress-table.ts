import type { MonotonicMs } from '../../base/brand.ts';
import { monotonicMs } from '../../base/brand.ts';
import { InSyncMember } from './in-sync-set.ts';
import { ReplicaProgress } from './replica-progress.ts';
import {
  isSameReplica,
  type ReplicaId,
  type Voter,
  type VoterHistory,
  type VoterSet,
} from './voter-set.ts';

export interface ProgressTableOptions {
  readonly self: ReplicaId;
  readonly voters: VoterHistory;
  readonly replicaLagTimeMaxMs: number;
  readonly now: MonotonicMs;
  readonly heardAt: (nodeId: number) => MonotonicMs | undefined;
}

/**
 * What a leader knows of its voters, and of at most one observer of each node: a new disk beside
 * the old one's place (V4).
 */
export class ProgressTable {
  readonly self: ReplicaProgress;
  #replicas: ReplicaProgress[];
  #voters: ReplicaProgress[] = [];

  constructor(options: ProgressTableOptions) {
    this.self = new ReplicaProgress(options.self, 'data', undefined);
    this.#replicas = [this.self];
    const { now, heardAt, replicaLagTimeMaxMs, voters } = options;
    // A leader begins with those that it heard of lately (C4); who comes later must catch up.
    this.#voters = voters.current.voters.map((voter) => {
      const heard = heardAt(voter.nodeId);
      const isIn = heard !== undefined && now - heard < replicaLagTimeMaxMs;
      return this.#track(voter, voter.role, new InSyncMember(isIn, heard ?? now));
    });
  }

  /** In the order of the set. */
  get voters(): readonly ReplicaProgress[] {
    return this.#voters;
  }

  /** Voters, observers and this one. */
  get all(): readonly ReplicaProgress[] {
    return this.#replicas;
  }

  /** Another set is in force. Who leaves it is not in sync any more, should it come back. */
  follow(set: VoterSet): void {
    const before = this.#voters;
    this.#voters = set.voters.map((voter) => this.track(voter, voter.role));
    for (const progress of before) {
      if (this.#voters.includes(progress) || progress.isSelf) continue;
      progress.member = new InSyncMember(false, monotonicMs(0));
    }
  }

  find(replica: ReplicaId): ReplicaProgress | undefined {
    return this.#replicas.find((each) => isSameReplica(each.replica, replica));
  }

  track(replica: ReplicaId, role: Voter['role']): ReplicaProgress {
    return this.#track(replica, role, new InSyncMember(false, monotonicMs(0)));
  }

  #track(replica: ReplicaId, role: Voter['role'], member: InSyncMember): ReplicaProgress {
    const known = this.find(replica);
    // Who kept no records begins anew as one that does.
    if (known !== undefined && (known.role === role || role === 'witness' || known.isSelf)) {
      known.role = role;
      return known;
    }
    const progress = new ReplicaProgress(replica, role, member);
    this.#forget(replica);
    this.#replicas.push(progress);
    return progress;
  }

  /** What it kept before as another role, and observers of its node: one at a time is enough. */
  #forget(replica: ReplicaId): void {
    this.#replicas = this.#replicas.filter((each) => {
      if (each.replica.nodeId !== replica.nodeId || each.isSelf) return true;
      return this.#voters.includes(each) && !isSameReplica(each.replica, replica);
    });
  }
}
