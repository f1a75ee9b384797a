import type { LeaderEpoch, MonotonicMs, Offset } from '../../base/brand.ts';
import { monotonicMs, offset } from '../../base/brand.ts';
import { InSyncMember, type EntryBar } from './in-sync-set.ts';
import type { FetchRequest, FetchVerdict } from './peer-call.ts';
import { committedOffset, type CommitRule } from './quorum.ts';
import type { ReplicaLog } from './replica-log.ts';
import { ReplicaProgress } from './replica-progress.ts';
import {
  isSameReplica,
  type ReplicaId,
  type Voter,
  type VoterHistory,
  type VoterSet,
} from './voter-set.ts';

export interface LeadershipOptions {
  readonly self: ReplicaId;
  readonly log: ReplicaLog;
  readonly voters: VoterHistory;
  readonly leaderEpoch: LeaderEpoch;
  /** Where its LeaderChange goes (C2). */
  readonly epochStartOffset: Offset;
  readonly highWatermark: Offset;
  readonly minInsyncReplicas: (dataVoters: number) => number;
  readonly replicaLagTimeMaxMs: number;
  readonly fetchTimeoutMs: number;
  readonly now: MonotonicMs;
  /** When something of that node was heard last; undefined: never. */
  readonly heardAt: (nodeId: number) => MonotonicMs | undefined;
}

/**
 * One leader epoch of one partition, on its leader: who has what (T1), who is in sync (C4), what a
 * witness may be offered (V3), and so what is committed (C3). It ends with the epoch.
 */
export class Leadership {
  readonly leaderEpoch: LeaderEpoch;
  readonly epochStartOffset: Offset;
  readonly #options: LeadershipOptions;
  readonly #startedAtMs: MonotonicMs;
  readonly #self: ReplicaProgress;
  /** Voters and at most one observer of each node: a new disk beside the old one's place. */
  #replicas: ReplicaProgress[] = [];
  /** The set that the rule and its voters are of. */
  #set: VoterSet | undefined;
  #voters: ReplicaProgress[] = [];
  #rule: CommitRule;
  #highWatermark: Offset;
  #beginAtMs: number;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.leaderEpoch = options.leaderEpoch;
    this.epochStartOffset = options.epochStartOffset;
    this.#highWatermark = options.highWatermark;
    this.#startedAtMs = options.now;
    this.#beginAtMs = options.now;
    this.#self = new ReplicaProgress(options.self, 'data', undefined);
    this.#replicas.push(this.#self);
    this.#rule = this.#followVoters(options.voters.current);
  }

  get highWatermark(): Offset {
    return this.#highWatermark;
  }

  /** The LeaderChange of this epoch is committed. */
  get isEpochCommitted(): boolean {
    return this.#highWatermark > this.epochStartOffset;
  }

  /** Node ids of the data voters in sync, this one too. */
  inSync(): number[] {
    return this.#voters
      .filter(({ isWitness, isInSync }) => !isWitness && isInSync)
      .map(({ replica }) => replica.nodeId);
  }

  /** Who may lead next, the most advanced first: data voters in sync. */
  successors(): ReplicaId[] {
    return this.#voters
      .filter(({ isWitness, isInSync, isSelf }) => !isWitness && isInSync && !isSelf)
      .sort((a, b) => b.persistedOffset - a.persistedOffset)
      .map(({ replica }) => replica);
  }

  persistedOffsetOf(replica: ReplicaId): Offset | undefined {
    return this.#find(replica)?.persistedOffset;
  }

  /** Node ids of voters that did not fetch in this epoch yet: told of it from time to time. */
  toBegin(now: MonotonicMs): number[] {
    if (now < this.#beginAtMs) return [];
    this.#beginAtMs = now + this.#options.fetchTimeoutMs / 4;
    return this.#voters.filter(isUnaware).map(({ replica }) => replica.nodeId);
  }

  /**
   * A follower asks; the epoch is checked. Its persisted offset counts, its wanted one does not.
   */
  fetched(request: FetchRequest, now: MonotonicMs): FetchVerdict {
    const { log } = this.#options;
    const { fetchOffset, lastFetchedEpoch } = request;
    const { logStartOffset } = log;
    if (this.#contradicts(request)) {
      return { type: 'refused', error: 'INVALID_REQUEST', leaderEpoch: this.leaderEpoch };
    }
    if (fetchOffset < logStartOffset) return { type: 'belowStart', logStartOffset };
    const end = log.endOffsetOf(lastFetchedEpoch);
    if (end?.leaderEpoch !== lastFetchedEpoch || end.endOffset < fetchOffset) {
      // Where the two logs part is not known here any more: all below the log start is committed.
      const isGone = end === undefined || end.endOffset < logStartOffset;
      if (isGone || fetchOffset === logStartOffset) return { type: 'belowStart', logStartOffset };
      return { type: 'diverging', end };
    }
    const progress = this.#note(request, now);
    const to = this.#offerTo(progress);
    if (fetchOffset >= to) return { type: 'nothing' };
    return { type: 'readable', from: fetchOffset, to };
  }

  /** The log grew, was fsynced, or the voters changed. @returns whether the watermark moved. */
  changed(now: MonotonicMs): boolean {
    const { voters, log } = this.#options;
    if (voters.current !== this.#set) this.#rule = this.#followVoters(voters.current);
    this.#self.persistedOffset = log.persistedOffset;
    this.#admit(now);
    const committed = committedOffset(this.#rule);
    if (committed === undefined || committed <= this.#highWatermark) return false;
    this.#highWatermark = committed;
    return true;
  }

  /** The node behind a voter refuses connections. @returns whether the watermark moved. */
  unreachable(nodeId: number, now: MonotonicMs): boolean {
    for (const { replica, member } of this.#replicas) {
      if (replica.nodeId === nodeId) member?.leave(now);
    }
    return this.changed(now);
  }

  /** @returns whether the watermark moved. */
  tick(now: MonotonicMs): boolean {
    for (const { member } of this.#voters) member?.expire(now, this.#options.replicaLagTimeMaxMs);
    return this.changed(now);
  }

  /** Infinity: nothing is due, ever (a lone voter). */
  nextDeadline(): number {
    const beginAtMs = this.#voters.some(isUnaware) ? this.#beginAtMs : Number.POSITIVE_INFINITY;
    let next = Math.min(this.#quorumDeadline(), beginAtMs);
    for (const { member } of this.#voters) {
      const dueAtMs = member?.dueAt(this.#options.replicaLagTimeMaxMs);
      if (dueAtMs !== undefined && dueAtMs < next) next = dueAtMs;
    }
    return next;
  }

  /** Check quorum (T3): no Fetches from a majority for 1.5 fetch timeouts. */
  hasLostQuorum(now: MonotonicMs): boolean {
    return now >= this.#quorumDeadline();
  }

  #quorumDeadline(): number {
    const { majority } = this.#options.voters.current;
    let lastMs: number = Number.NEGATIVE_INFINITY;
    for (const voter of this.#voters) {
      const heardMs = this.#fetchedAt(voter);
      let heard = 0;
      for (const other of this.#voters) if (this.#fetchedAt(other) >= heardMs) heard++;
      if (heard >= majority && heardMs > lastMs) lastMs = heardMs;
    }
    return lastMs + 1.5 * this.#options.fetchTimeoutMs;
  }

  #fetchedAt({ isSelf, fetchedAtMs }: ReplicaProgress): number {
    return isSelf ? Number.POSITIVE_INFINITY : (fetchedAtMs ?? this.#startedAtMs);
  }

  /** It says that it keeps something else than its place among the voters says. */
  #contradicts({ replica, role }: FetchRequest): boolean {
    const known = this.#options.voters.current.find(replica)?.role;
    return role !== undefined && known !== undefined && known !== role;
  }

  #note(request: FetchRequest, now: MonotonicMs): ReplicaProgress {
    const { fetchOffset } = request;
    const progress = this.#track(request.replica, request.role);
    // What lies past the offset that was compared may be another leader's.
    const persistedOffset = offset(Math.min(request.persistedOffset, fetchOffset));
    progress.fetched(fetchOffset, persistedOffset, this.#options.log.logEndOffset, now);
    return progress;
  }

  /**
   * A witness is offered only what this node and every data voter in sync have fsynced, so that one
   * loss always leaves a majority that can elect (V3).
   */
  #offerTo(progress: ReplicaProgress): Offset {
    const { log } = this.#options;
    const to = progress.isWitness ? this.#inSyncEnd() : log.logEndOffset;
    progress.offered(to);
    return to;
  }

  #inSyncEnd(): Offset {
    let end: number = this.#options.log.persistedOffset;
    for (const { isWitness, isInSync, isSelf, persistedOffset } of this.#voters) {
      if (!isWitness && isInSync && !isSelf) end = Math.min(end, persistedOffset);
    }
    return offset(end);
  }

  #admit(now: MonotonicMs): void {
    for (const { member, isWitness, persistedOffset, fetchedAtMs } of this.#voters) {
      if (member === undefined || member.isIn || isWitness) continue;
      const isBack = fetchedAtMs !== undefined && fetchedAtMs > member.leftAtMs;
      if (isBack) member.enter(now, persistedOffset, this.#entryBar());
    }
  }

  #entryBar(): EntryBar {
    let offered: number = 0;
    for (const { isWitness, heldOffset } of this.#voters) {
      if (isWitness && heldOffset > offered) offered = heldOffset;
    }
    return {
      highWatermark: this.#highWatermark,
      epochStartOffset: this.epochStartOffset,
      offeredOffset: offset(offered),
    };
  }

  /** Another set is in force (V1): a voter with a new disk begins anew. */
  #followVoters(set: VoterSet): CommitRule {
    this.#voters = set.voters.map((voter) => this.#track(voter, voter.role));
    this.#set = set;
    return {
      voters: this.#voters,
      minInsyncReplicas: this.#options.minInsyncReplicas(set.dataVoters.length),
      epochStartOffset: this.epochStartOffset,
    };
  }

  #find(replica: ReplicaId): ReplicaProgress | undefined {
    return this.#replicas.find((each) => isSameReplica(each.replica, replica));
  }

  #track(replica: ReplicaId, role: Voter['role'] | undefined): ReplicaProgress {
    const known = this.#find(replica);
    if (known !== undefined) {
      if (role !== undefined) known.role = role;
      return known;
    }
    const { heardAt, replicaLagTimeMaxMs } = this.#options;
    const heard = heardAt(replica.nodeId) ?? Number.NEGATIVE_INFINITY;
    // A leader begins with those that it heard of lately (C4); who comes later must catch up.
    const isIn = this.#set === undefined && this.#startedAtMs - heard < replicaLagTimeMaxMs;
    const member = new InSyncMember(isIn, monotonicMs(Math.max(heard, 0)));
    const progress = new ReplicaProgress(replica, role ?? 'data', member);
    this.#forgetObserversOf(replica.nodeId);
    this.#replicas.push(progress);
    return progress;
  }

  #forgetObserversOf(nodeId: number): void {
    this.#replicas = this.#replicas.filter(
      (each) => each.replica.nodeId !== nodeId || each.isSelf || this.#voters.includes(each),
    );
  }
}

function isUnaware({ isSelf, fetchedAtMs }: ReplicaProgress): boolean {
  return !isSelf && fetchedAtMs === undefined;
}
