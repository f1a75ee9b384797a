import type { LeaderEpoch, MonotonicMs, Offset } from '../../base/brand.ts';
import { monotonicMs, offset } from '../../base/brand.ts';
import { InSyncMember, type EntryBar } from './in-sync-set.ts';
import type { FetchRequest, FetchVerdict } from './peer-call.ts';
import { committedOffset, type VoterProgress } from './quorum.ts';
import type { ReplicaLog } from './replica-log.ts';
import { isSameReplica, type ReplicaId, type Voter, type VoterHistory } from './voter-set.ts';

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

/** What the leader knows of another replica. */
interface Progress {
  readonly replica: ReplicaId;
  persistedOffset: Offset;
  fetchedAtMs: MonotonicMs | undefined;
  /** Log end when its last Fetch came: who persisted that by the next one kept up (C4). */
  endAtFetch: Offset;
  readonly member: InSyncMember;
}

/**
 * One leader epoch of one partition, on its leader: who has what (T1), who is in sync (C4), what a
 * witness may be offered (V3), and so what is committed (C3). It ends with the epoch.
 */
export class Leadership {
  readonly leaderEpoch: LeaderEpoch;
  readonly epochStartOffset: Offset;
  readonly #options: LeadershipOptions;
  readonly #progress = new Map<number, Progress>();
  readonly #startedAtMs: MonotonicMs;
  #offeredOffset: Offset = offset(0);
  #highWatermark: Offset;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.leaderEpoch = options.leaderEpoch;
    this.epochStartOffset = options.epochStartOffset;
    this.#highWatermark = options.highWatermark;
    this.#startedAtMs = options.now;
    this.#followVoters();
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
      .filter((voter) => voter.role === 'data' && this.#isInSync(voter))
      .map(({ nodeId }) => nodeId);
  }

  /** Who may lead next, the most advanced first: data voters in sync. */
  successors(): Voter[] {
    const inSync = new Set(this.inSync());
    return this.#others()
      .filter(({ role, nodeId }) => role === 'data' && inSync.has(nodeId))
      .sort((a, b) => this.#persisted(b) - this.#persisted(a));
  }

  persistedOffsetOf(replica: ReplicaId): Offset | undefined {
    const progress = this.#progress.get(replica.nodeId);
    return progress && isSameReplica(progress.replica, replica)
      ? progress.persistedOffset
      : undefined;
  }

  /** Voters that did not fetch in this epoch yet: they are told of it until they do. */
  unaware(): number[] {
    return this.#others()
      .filter(({ nodeId }) => this.#progress.get(nodeId)?.fetchedAtMs === undefined)
      .map(({ nodeId }) => nodeId);
  }

  /**
   * A follower asks; the epoch is checked. Its persisted offset counts, its wanted one does not.
   */
  fetched(request: FetchRequest, now: MonotonicMs): FetchVerdict {
    const { log } = this.#options;
    const { fetchOffset, lastFetchedEpoch } = request;
    if (fetchOffset < log.logStartOffset) {
      return { type: 'belowStart', logStartOffset: log.logStartOffset };
    }
    const end = log.endOffsetOf(lastFetchedEpoch);
    const isSame = end?.leaderEpoch === lastFetchedEpoch && end.endOffset >= fetchOffset;
    // An empty log has nothing to compare: it begins where a leader's log began, so all before that
    // is committed.
    const isEmpty = lastFetchedEpoch === 0 && fetchOffset <= log.logEndOffset;
    if (!isSame && !isEmpty && fetchOffset > log.logStartOffset) {
      const cut = end ?? { leaderEpoch: lastFetchedEpoch, endOffset: log.logStartOffset };
      return { type: 'diverging', end: cut };
    }
    this.#note(request, now);
    const to = this.#offerTo(request.replica);
    if (fetchOffset >= to) return { type: 'nothing' };
    return { type: 'readable', from: fetchOffset, to };
  }

  /** The log grew, was fsynced, or the voters changed. @returns whether the watermark moved. */
  changed(now: MonotonicMs): boolean {
    this.#followVoters();
    this.#admit(now);
    const committed = committedOffset({
      voters: this.#voters.map((voter) => this.#progressOf(voter)),
      minInsyncReplicas: this.#options.minInsyncReplicas(this.#dataVoters.length),
      epochStartOffset: this.epochStartOffset,
    });
    if (committed === undefined || committed <= this.#highWatermark) return false;
    this.#highWatermark = committed;
    return true;
  }

  /** The node behind a voter refuses connections. @returns whether the watermark moved. */
  unreachable(nodeId: number, now: MonotonicMs): boolean {
    this.#progress.get(nodeId)?.member.leave(now);
    return this.changed(now);
  }

  /** @returns whether the watermark moved. */
  tick(now: MonotonicMs): boolean {
    for (const { member } of this.#progress.values()) {
      member.expire(now, this.#options.replicaLagTimeMaxMs);
    }
    return this.changed(now);
  }

  nextDeadline(): number {
    let next: number = this.#quorumDeadline();
    for (const { member } of this.#progress.values()) {
      next = Math.min(next, member.dueAt(this.#options.replicaLagTimeMaxMs) ?? next);
    }
    return next;
  }

  /** Check quorum (T3): no Fetches from a majority for 1.5 fetch timeouts. */
  hasLostQuorum(now: MonotonicMs): boolean {
    return now >= this.#quorumDeadline();
  }

  #quorumDeadline(): number {
    const { majority } = this.#options.voters.current;
    const isVoter = this.#options.voters.current.find(this.#options.self) !== undefined;
    const needed = majority - (isVoter ? 1 : 0);
    if (needed === 0) return Number.POSITIVE_INFINITY;
    const heard = this.#others()
      .map(({ nodeId }) => this.#progress.get(nodeId)?.fetchedAtMs ?? this.#startedAtMs)
      .sort((a, b) => b - a);
    return (heard[needed - 1] ?? this.#startedAtMs) + 1.5 * this.#options.fetchTimeoutMs;
  }

  #note(request: FetchRequest, now: MonotonicMs): void {
    const progress = this.#track(request.replica);
    // What lies past the offset that was compared may be another leader's.
    const persistedOffset = offset(Math.min(request.persistedOffset, request.fetchOffset));
    const { logEndOffset } = this.#options.log;
    if (persistedOffset > progress.persistedOffset) progress.persistedOffset = persistedOffset;
    if (persistedOffset >= logEndOffset) progress.member.caughtUp(now);
    else if (progress.fetchedAtMs !== undefined && persistedOffset >= progress.endAtFetch) {
      progress.member.caughtUp(progress.fetchedAtMs);
    }
    progress.fetchedAtMs = now;
    progress.endAtFetch = logEndOffset;
  }

  /**
   * A witness is offered only what this node and every data voter in sync have fsynced, so that one
   * loss always leaves a majority that can elect (V3).
   */
  #offerTo(replica: ReplicaId): Offset {
    const { log, voters } = this.#options;
    if (voters.current.find(replica)?.role !== 'witness') return log.logEndOffset;
    let offered: number = log.persistedOffset;
    for (const voter of this.#dataVoters) {
      if (this.#isInSync(voter)) offered = Math.min(offered, this.#persisted(voter));
    }
    if (offered > this.#offeredOffset) this.#offeredOffset = offset(offered);
    return offset(offered);
  }

  #admit(now: MonotonicMs): void {
    const bar: EntryBar = {
      highWatermark: this.#highWatermark,
      epochStartOffset: this.epochStartOffset,
      offeredOffset: this.#offeredOffset,
    };
    for (const { replica, member, persistedOffset, fetchedAtMs } of this.#progress.values()) {
      const isData = this.#options.voters.current.find(replica)?.role === 'data';
      const isBack = fetchedAtMs !== undefined && fetchedAtMs > member.leftAtMs;
      if (isData && isBack) member.enter(now, persistedOffset, bar);
    }
  }

  /** A voter with a new disk begins anew. */
  #followVoters(): void {
    for (const voter of this.#others()) this.#track(voter);
  }

  #track(replica: ReplicaId): Progress {
    const known = this.#progress.get(replica.nodeId);
    if (known !== undefined && isSameReplica(known.replica, replica)) return known;
    const { heardAt, replicaLagTimeMaxMs } = this.#options;
    const heard = heardAt(replica.nodeId) ?? Number.NEGATIVE_INFINITY;
    const isRecent = this.#startedAtMs - heard < replicaLagTimeMaxMs;
    const isFirst = known === undefined && this.#options.voters.current.find(replica) !== undefined;
    const progress: Progress = {
      replica,
      persistedOffset: offset(0),
      fetchedAtMs: undefined,
      endAtFetch: offset(0),
      member: new InSyncMember(isFirst && isRecent, monotonicMs(Math.max(heard, 0))),
    };
    this.#progress.set(replica.nodeId, progress);
    return progress;
  }

  #progressOf(voter: Voter): VoterProgress {
    return {
      persistedOffset: this.#persisted(voter),
      isWitness: voter.role === 'witness',
      isInSync: this.#isInSync(voter),
    };
  }

  #persisted(voter: Voter): Offset {
    if (isSameReplica(voter, this.#options.self)) return this.#options.log.persistedOffset;
    return this.persistedOffsetOf(voter) ?? offset(0);
  }

  #isInSync(voter: Voter): boolean {
    if (isSameReplica(voter, this.#options.self)) return true;
    return this.#progress.get(voter.nodeId)?.member.isIn === true;
  }

  #others(): Voter[] {
    return this.#voters.filter((voter) => !isSameReplica(voter, this.#options.self));
  }

  get #voters(): readonly Voter[] {
    return this.#options.voters.current.voters;
  }

  get #dataVoters(): readonly Voter[] {
    return this.#options.voters.current.dataVoters;
  }
}
