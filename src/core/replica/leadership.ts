import type { LeaderEpoch, MonotonicMs, Offset } from '../../base/brand.ts';
import { offset } from '../../base/brand.ts';
import type { EntryBar } from './in-sync-set.ts';
import type { FollowerStatus } from '../cluster-status.ts';
import { isPartitionAtRisk } from '../partition-risk.ts';
import type { FetchRequest, FetchVerdict } from './peer-call.ts';
import { committedOffset, type CommitRule } from './quorum.ts';
import type { ReplicaLog } from './replica-log.ts';
import { ProgressTable } from './progress-table.ts';
import type { ReplicaProgress } from './replica-progress.ts';
import { nextVoterStep, type VoterStep } from './voter-changes.ts';
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
  /** Who is to vote in the end (V1); undefined: those who do. */
  readonly wanted?: () => VoterSet | undefined;
  /** A data voter came into the in-sync set, or fell out of it. */
  readonly inSyncChanged?: ((isIn: boolean) => void) | undefined;
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
  readonly #replicas: ProgressTable;
  /** The set that the rule and its voters are of. */
  #set: VoterSet;
  #voters: readonly ReplicaProgress[];
  /** The wanted set that is in force already. */
  #reached: VoterSet | undefined;
  #highWatermark: Offset;
  #beginAtMs: number;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.leaderEpoch = options.leaderEpoch;
    this.epochStartOffset = options.epochStartOffset;
    this.#highWatermark = options.highWatermark;
    this.#startedAtMs = options.now;
    this.#beginAtMs = options.now;
    this.#replicas = new ProgressTable(options);
    this.#set = options.voters.current;
    this.#voters = this.#replicas.voters;
  }

  get highWatermark(): Offset {
    return this.#highWatermark;
  }

  /** The LeaderChange of this epoch is committed. */
  get isEpochCommitted(): boolean {
    return this.#highWatermark > this.epochStartOffset;
  }

  /** C3: `minInsyncReplicas` data voters are in sync, so what is appended can be committed. */
  get hasEnoughReplicas(): boolean {
    const { minInsyncReplicas } = this.#rule;
    if (minInsyncReplicas <= 1) return true;
    let inSync = 0;
    for (const { isWitness, isInSync } of this.#voters) if (!isWitness && isInSync) inSync++;
    return inSync >= minInsyncReplicas;
  }

  /** One more loss would stop what goes on now. */
  isAtRisk(now: MonotonicMs): boolean {
    const { minInsyncReplicas } = this.#rule;
    const data = this.#voters.filter(({ isWitness }) => !isWitness);
    const witnesses = this.#voters.filter(({ isWitness }) => isWitness);
    return isPartitionAtRisk({
      dataVoters: data.length,
      inSyncDataVoters: data.filter(({ isInSync }) => isInSync).length,
      witnesses: witnesses.length,
      heardWitnesses: witnesses.filter((witness) => this.#isHeard(witness, now)).length,
      minInsyncReplicas,
    });
  }

  /** Node ids of the data voters in sync, this one too. */
  inSync(): number[] {
    return this.#voters
      .filter(({ isWitness, isInSync }) => !isWitness && isInSync)
      .map(({ replica }) => replica.nodeId);
  }

  /** Who may lead next: data voters in sync, the named node first, then the most advanced. */
  successors(first?: number): ReplicaId[] {
    const isFirst = ({ replica }: ReplicaProgress): number => Number(replica.nodeId === first);
    return this.#voters
      .filter(({ isWitness, isInSync, isSelf }) => !isWitness && isInSync && !isSelf)
      .sort((a, b) => isFirst(b) - isFirst(a) || b.persistedOffset - a.persistedOffset)
      .map(({ replica }) => replica);
  }

  /** Whether the first of them has fsynced the whole log, or there is none to wait for. */
  hasWholeSuccessor(first?: number): boolean {
    const [next] = this.successors(first);
    const has = next && this.progressOf(next)?.persistedOffset;
    return has === undefined || has >= this.#options.log.logEndOffset;
  }

  /** The other voters that keep up can elect one of them without the vote of this one. */
  hasHeirs(now: MonotonicMs): boolean {
    const able = this.#voters.filter(
      (voter) => !voter.isSelf && (voter.isWitness ? this.#isHeard(voter, now) : voter.isInSync),
    );
    return able.length >= this.#set.majority && able.some(({ isWitness }) => !isWitness);
  }

  /** All other replicas that are voters, or have fetched in this epoch. */
  followers(now: MonotonicMs): FollowerStatus[] {
    const { log, voters } = this.#options;
    // Of a node with another disk the one that counts is shown.
    const isOver = ({ replica }: ReplicaProgress): boolean => {
      const voter = voters.current.ofNode(replica.nodeId);
      return voter !== undefined && !isSameReplica(voter, replica);
    };
    return this.#replicas.all
      .filter((each) => !each.isSelf && !isOver(each))
      .map(({ replica, role, isInSync, isWitness, persistedOffset, fetchedAtMs }) => ({
        nodeId: replica.nodeId,
        role: voters.current.find(replica) === undefined ? 'observer' : role,
        isInSync: isInSync && !isWitness,
        persistedOffset,
        lag: Math.max(0, log.logEndOffset - persistedOffset),
        ...(fetchedAtMs === undefined
          ? {}
          : { silentMs: Math.max(0, Math.round(now - fetchedAtMs)) }),
      }));
  }

  progressOf(
    replica: ReplicaId,
  ): Pick<ReplicaProgress, 'persistedOffset' | 'fetchOffset'> | undefined {
    return this.#replicas.find(replica);
  }

  /**
   * Node ids of voters, present and wanted ones, that did not fetch in this epoch yet: told of it
   * from time to time.
   */
  toBegin(now: MonotonicMs): number[] {
    if (now < this.#beginAtMs) return [];
    this.#beginAtMs = now + this.#options.fetchTimeoutMs / 4;
    const nodes = [...this.#set.voters, ...this.#observers()].filter(this.#isUnaware);
    return [...new Set(nodes.map(({ nodeId }) => nodeId))];
  }

  /** What moves the voters towards the wanted ones: one change at a time, each committed (V1). */
  voterStep(now: MonotonicMs): VoterStep | undefined {
    const { voters, wanted, self, minInsyncReplicas } = this.#options;
    const goal = wanted?.();
    if (goal === undefined || goal === this.#reached || !this.isEpochCommitted) return undefined;
    if (voters.currentFrom >= this.#highWatermark) return undefined;
    if (voters.current.isSameAs(goal)) {
      this.#reached = goal;
      return undefined;
    }
    return nextVoterStep(goal, {
      ...{ self, minInsyncReplicas, current: voters.current },
      isLive: (voter) => this.#isLive(voter, now),
      hasCaughtUp: (voter) => this.#hasCaughtUp(voter, now),
    });
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
    const to = this.#note(request, now);
    if (fetchOffset >= to) return { type: 'nothing' };
    return { type: 'readable', from: fetchOffset, to };
  }

  /** The log grew, was fsynced, or the voters changed. @returns whether the watermark moved. */
  changed(now: MonotonicMs): boolean {
    const { voters, log } = this.#options;
    if (voters.current !== this.#set) this.#followVoters();
    this.#replicas.self.persistedOffset = log.persistedOffset;
    this.#admit(now);
    const committed = committedOffset(this.#rule);
    if (committed === undefined || committed <= this.#highWatermark) return false;
    this.#highWatermark = committed;
    return true;
  }

  /** The node behind a voter refuses connections. @returns whether the watermark moved. */
  unreachable(nodeId: number, now: MonotonicMs): boolean {
    for (const { replica, member } of this.#voters) {
      if (replica.nodeId === nodeId && member?.leave(now) === true) this.#inSyncChanged(false);
    }
    return this.changed(now);
  }

  /** @returns whether the watermark moved. */
  tick(now: MonotonicMs): boolean {
    for (const { member, isWitness } of this.#voters) {
      const hasLeft = member?.expire(now, this.#options.replicaLagTimeMaxMs) === true;
      if (hasLeft && !isWitness) this.#inSyncChanged(false);
    }
    return this.changed(now);
  }

  /** Infinity: nothing is due, ever (a lone voter). */
  nextDeadline(): number {
    // Asked at the end of each turn, of each partition.
    if (this.#isAlone) return Number.POSITIVE_INFINITY;
    let next = this.#quorumDeadline();
    if (this.#beginAtMs < next && this.#hasUnaware) next = this.#beginAtMs;
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

  #note(request: FetchRequest, now: MonotonicMs): Offset {
    const { fetchOffset } = request;
    const progress = this.#replicas.track(request.replica, this.#roleOf(request));
    // What lies past the offset that was compared may be another leader's.
    const persistedOffset = offset(Math.min(request.persistedOffset, fetchOffset));
    const end = this.#offerTo(progress);
    progress.fetched(fetchOffset, persistedOffset, end, now);
    return end;
  }

  /** As it says itself, else as a voter or a voter to be. */
  #roleOf({ replica, role }: FetchRequest): Voter['role'] {
    const { voters, wanted } = this.#options;
    const known = voters.current.find(replica) ?? wanted?.()?.find(replica);
    return role ?? known?.role ?? 'data';
  }

  /**
   * A witness is offered only what this node and every data voter in sync have fsynced, so that one
   * loss always leaves a majority that can elect (V3). A voter hears of its own removal when that
   * is committed: until then the others may need its vote, and it would refuse who lacks it.
   */
  #offerTo({ replica, isWitness }: ReplicaProgress): Offset {
    const { log, voters } = this.#options;
    const end = isWitness ? this.#inSyncEnd() : log.logEndOffset;
    const isLeaving = voters.currentFrom >= this.#highWatermark && voters.isRemoved(replica);
    return isLeaving && voters.currentFrom < end ? voters.currentFrom : end;
  }

  #isHeard({ fetchedAtMs }: ReplicaProgress, now: MonotonicMs): boolean {
    return fetchedAtMs !== undefined && now - fetchedAtMs < this.#options.fetchTimeoutMs;
  }

  #isLive(voter: Voter, now: MonotonicMs): boolean {
    const progress = this.#replicas.find(voter);
    const fetchedAtMs = progress?.fetchedAtMs;
    if (progress === undefined || fetchedAtMs === undefined) return false;
    const isRecent = now - fetchedAtMs < this.#options.replicaLagTimeMaxMs;
    return isRecent && progress.persistedOffset >= this.#highWatermark;
  }

  /** A witness must not hold what a data voter in sync lacks, since it was offered more (V3). */
  #hasCaughtUp(voter: Voter, now: MonotonicMs): boolean {
    const progress = this.#replicas.find(voter);
    const caughtUpAtMs = progress?.caughtUpAtMs;
    if (progress?.role !== voter.role || caughtUpAtMs === undefined) return false;
    if (progress.isWitness && progress.heldOffset > this.#inSyncEnd()) return false;
    return now - caughtUpAtMs < this.#options.replicaLagTimeMaxMs;
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
      if (fetchedAtMs === undefined || fetchedAtMs <= member.leftAtMs) continue;
      if (member.enter(now, persistedOffset, this.#entryBar())) this.#inSyncChanged(true);
    }
  }

  #inSyncChanged(isIn: boolean): void {
    this.#options.inSyncChanged?.(isIn);
  }

  #entryBar(): EntryBar {
    const held = this.#voters.map(({ isWitness, heldOffset }) => (isWitness ? heldOffset : 0));
    return {
      highWatermark: this.#highWatermark,
      epochStartOffset: this.epochStartOffset,
      offeredOffset: offset(Math.max(0, ...held)),
    };
  }

  /** Those who are to become voters. */
  #observers(): readonly Voter[] {
    return this.#options.wanted?.()?.voters ?? [];
  }

  readonly #isUnaware = (replica: ReplicaId): boolean => {
    const progress = this.#replicas.find(replica);
    return progress?.isSelf !== true && progress?.fetchedAtMs === undefined;
  };

  /** Nobody else votes, or is to vote. */
  get #isAlone(): boolean {
    const { voters, wanted } = this.#options;
    if (this.#voters.length !== 1 || voters.current !== this.#set) return false;
    const goal = wanted?.();
    const isReached = goal === undefined || goal === this.#reached;
    return isReached && this.#voters[0]?.isSelf === true;
  }

  get #hasUnaware(): boolean {
    return this.#set.voters.some(this.#isUnaware) || this.#observers().some(this.#isUnaware);
  }

  /** Another set is in force (V1). */
  #followVoters(): void {
    this.#set = this.#options.voters.current;
    this.#reached = undefined;
    this.#replicas.follow(this.#set);
    this.#voters = this.#replicas.voters;
  }

  /** As `__cluster` has it now. */
  get #rule(): CommitRule {
    return {
      voters: this.#voters,
      minInsyncReplicas: this.#options.minInsyncReplicas(this.#set.dataVoters.length),
      epochStartOffset: this.epochStartOffset,
    };
  }
}
