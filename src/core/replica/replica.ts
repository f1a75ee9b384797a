import { assert } from '../../base/assert.ts';
import type { LeaderEpoch, MonotonicMs, Offset } from '../../base/brand.ts';
import { leaderEpoch, offset } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { Ballot, type StoredVote } from './ballot.ts';
import { Election } from './election.ts';
import { Leadership } from './leadership.ts';
import type { BeginEpoch, EndEpoch, FetchRequest, FetchVerdict } from './peer-call.ts';
import type { VoteAnswer, VoteRequest } from './peer-call.ts';
import { isUpToDate, type EpochEnd } from './replica-log.ts';
import type { ReplicaOptions } from './replica-options.ts';
import { isSameReplica, type ReplicaId } from './voter-set.ts';

type Role =
  | { readonly type: 'follower' }
  | { readonly type: 'candidate'; readonly election: Election }
  | { readonly type: 'leader'; readonly leadership: Leadership };

/** A refused connection starts the pre-vote after a random time between these (T3). */
const refusedMsMin = 50;
const refusedMsMax = 150;

/**
 * One replica of one partition: Raft in KRaft's manner. Followers pull, the epoch is stored in
 * every batch, a pre-vote comes before each vote. It knows no socket, no file and no clock.
 *
 * follower -> (nothing heard) pre-vote -> vote -> leader -> (higher epoch, lost quorum) follower.
 */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #ballot: Ballot;
  #role: Role = { type: 'follower' };
  #leaderId: number | undefined;
  /** Its node refuses connections: nobody waits for its silence to last. */
  #isLeaderRefusing = false;
  #highWatermark: Offset;
  #electionAtMs: number;
  /** When voters that did not fetch yet are told again who leads. */
  #beginAtMs = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#ballot = new Ballot(options.vote, options.log.lastEpoch);
    this.#highWatermark = options.log.logStartOffset;
    this.#electionAtMs = this.#isAlone ? options.now : this.#drawElection(options.now);
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#ballot.leaderEpoch;
  }

  get leaderId(): number | undefined {
    return this.#leaderId;
  }

  get isLeader(): boolean {
    return this.#role.type === 'leader';
  }

  get leadership(): Leadership | undefined {
    return this.#role.type === 'leader' ? this.#role.leadership : undefined;
  }

  /** Never lower than before in this process (C6). */
  get highWatermark(): Offset {
    return this.#highWatermark;
  }

  /** The Fetch that a follower wants to send now; undefined: it has no leader. */
  fetchRequest(): FetchRequest | undefined {
    if (this.#role.type !== 'follower' || this.#leaderId === undefined) return undefined;
    const { self, log } = this.#options;
    return {
      replica: self,
      leaderEpoch: this.leaderEpoch,
      fetchOffset: log.logEndOffset,
      lastFetchedEpoch: log.lastEpoch,
      persistedOffset: log.persistedOffset,
    };
  }

  /** `answer` is called once, or never: the vote it promises is told when it is durable. */
  voteRequested(
    request: VoteRequest,
    now: MonotonicMs,
    answer: (answer: VoteAnswer) => void,
  ): void {
    const { self } = this.#options;
    const { leaderEpoch: epoch, candidate } = request;
    if (!isSameReplica(request.voter, self)) return answer(this.#verdict(request, false));
    // For a pre-vote too (KIP-996): who alone stored an epoch could follow no older one again.
    if (epoch > this.leaderEpoch) this.#enterEpoch(epoch, undefined, now);
    if (request.isPreVote) return answer(this.#verdict(request, this.#grantsPreVote(request, now)));
    if (!this.#grantsVote(request)) return answer(this.#verdict(request, false));
    if (!isSameReplica(candidate, self)) this.#role = { type: 'follower' };
    this.#electionAtMs = this.#drawElection(now);
    if (!this.#ballot.hasVoted) this.#vote(candidate);
    return this.#ballot.whenDurable(now, () => answer(this.#verdict(request, true)));
  }

  votePersisted(vote: StoredVote, now: MonotonicMs): void {
    this.#ballot.persisted(vote, now);
  }

  voteAnswered(answer: VoteAnswer, now: MonotonicMs): void {
    const { leaderEpoch: epoch, leaderId } = answer;
    if (epoch > this.leaderEpoch) return this.#enterEpoch(epoch, leaderId, now);
    if (this.#role.type !== 'candidate') return;
    const { election } = this.#role;
    if (election.isPreVote !== answer.isPreVote) return;
    if (election.leaderEpoch !== answer.askedEpoch) return;
    // Who refuses a pre-vote because it hears a leader says which one.
    const isLed = leaderId !== undefined && leaderId !== this.#options.self.nodeId;
    if (election.isPreVote && !answer.isGranted && isLed && epoch === this.leaderEpoch) {
      return this.#enterEpoch(epoch, leaderId, now);
    }
    this.#count(election, answer.voter, answer.isGranted, now);
  }

  /** @returns what a leader of an old epoch is refused with. */
  epochBegun(begin: BeginEpoch, now: MonotonicMs): ErrorCode | undefined {
    if (begin.leaderEpoch < this.leaderEpoch) return 'FENCED_LEADER_EPOCH';
    if (begin.leaderEpoch > this.leaderEpoch || this.#leaderId === undefined) {
      this.#enterEpoch(begin.leaderEpoch, begin.leaderId, now);
    }
    return undefined;
  }

  /** The leader goes: its first successor campaigns at once, the others a little later. */
  epochEnded(end: EndEpoch, now: MonotonicMs): void {
    if (end.leaderEpoch !== this.leaderEpoch || this.#role.type !== 'follower') return;
    if (this.#leaderId !== undefined && this.#leaderId !== end.leaderId) return;
    this.#setLeader(undefined);
    if (!this.#mayLead) return;
    const [first] = end.successors;
    const isFirst = first !== undefined && isSameReplica(first, this.#options.self);
    if (isFirst) return this.#campaign(now);
    this.#electionAtMs = this.#drawSoon(now);
  }

  /** Any bytes of the leader's node (T2). */
  leaderHeard(now: MonotonicMs): void {
    if (this.#role.type !== 'follower') return;
    this.#isLeaderRefusing = false;
    this.#electionAtMs = this.#drawElection(now);
  }

  /** A node refuses connections: its partitions need another leader, its voters are not in sync. */
  nodeRefused(nodeId: number, now: MonotonicMs): void {
    const { leadership } = this;
    if (leadership !== undefined) return this.#moved(leadership.unreachable(nodeId, now));
    if (this.#leaderId !== nodeId) return;
    this.#isLeaderRefusing = true;
    this.#electSoon(now);
  }

  /** The leader's node answers that it does not lead this partition any more (T2). */
  leaderDenied(epoch: LeaderEpoch, now: MonotonicMs): void {
    if (epoch !== this.leaderEpoch || this.#role.type !== 'follower') return;
    this.#setLeader(undefined);
    this.#electSoon(now);
  }

  /** The leader's answer says that this log leaves its own (KIP-595). */
  diverged(end: EpochEnd): void {
    const { log, voters } = this.#options;
    const own = log.endOffsetOf(end.leaderEpoch);
    const to = Math.max(Math.min(own?.endOffset ?? 0, end.endOffset), log.logStartOffset);
    assert(to >= this.#highWatermark, 'a committed batch is never cut');
    if (to >= log.logEndOffset) return;
    log.truncateTo(offset(to));
    voters.truncated(offset(to));
  }

  /** A Fetch answer of this epoch, its records appended before. */
  leaderHighWatermark(told: Offset): void {
    const known = Math.min(told, this.#options.log.logEndOffset);
    if (known <= this.#highWatermark) return;
    this.#highWatermark = offset(known);
    this.#options.port.highWatermarkMoved();
  }

  /** An answer named an epoch and its leader. */
  leaderTold(epoch: LeaderEpoch, leaderId: number | undefined, now: MonotonicMs): void {
    const isNews = epoch === this.leaderEpoch && this.#leaderId === undefined;
    if (epoch > this.leaderEpoch || (isNews && leaderId !== undefined)) {
      this.#enterEpoch(epoch, leaderId, now);
    }
  }

  fetched(request: FetchRequest, now: MonotonicMs): FetchVerdict {
    const { leadership, leaderEpoch: epoch } = this;
    if (request.leaderEpoch !== epoch) {
      const error = request.leaderEpoch < epoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH';
      return { type: 'refused', error, leaderEpoch: epoch };
    }
    if (leadership === undefined) {
      return { type: 'refused', error: 'NOT_LEADER_OR_FOLLOWER', leaderEpoch: epoch };
    }
    const verdict = leadership.fetched(request, now);
    this.#moved(leadership.changed(now));
    return verdict;
  }

  /** The log was appended to or fsynced, or its voters changed. */
  logChanged(now: MonotonicMs): void {
    if (this.leadership !== undefined) this.#moved(this.leadership.changed(now));
  }

  /** A planned stop: the most advanced voter in sync goes first. */
  resign(now: MonotonicMs): void {
    const { leadership } = this;
    if (leadership === undefined) return;
    const { self, port } = this.#options;
    const successors = leadership.successors();
    const end = { leaderId: self.nodeId, leaderEpoch: this.leaderEpoch, successors };
    for (const { nodeId } of this.#others()) port.endEpoch(nodeId, end);
    this.#enterEpoch(this.leaderEpoch, undefined, now);
  }

  nextDeadline(): number | undefined {
    const { leadership } = this;
    if (leadership === undefined) return this.#mayLead ? this.#electionAtMs : undefined;
    const beginAtMs = leadership.unaware().length > 0 ? this.#beginAtMs : Infinity;
    return Math.min(leadership.nextDeadline(), beginAtMs);
  }

  tick(now: MonotonicMs): void {
    const { leadership } = this;
    if (leadership !== undefined) {
      this.#moved(leadership.tick(now));
      if (leadership.hasLostQuorum(now)) this.#enterEpoch(this.leaderEpoch, undefined, now);
      else if (now >= this.#beginAtMs) this.#beginUnaware(leadership, now);
      return;
    }
    if (!this.#mayLead || now < this.#electionAtMs) return;
    if (this.#isAlone) return this.#campaign(now);
    return this.#preCampaign(now);
  }

  #grantsPreVote(request: VoteRequest, now: MonotonicMs): boolean {
    if (request.leaderEpoch < this.leaderEpoch || this.isLeader) return false;
    const hearsLeader = this.#leaderId !== undefined && !this.#isLeaderSilent(now);
    return !hearsLeader && isUpToDate(request, this.#options.log);
  }

  #grantsVote(request: VoteRequest): boolean {
    if (request.leaderEpoch !== this.leaderEpoch || this.#leaderId !== undefined) return false;
    if (this.#ballot.isFor(request.candidate.directoryId)) return true;
    if (this.#ballot.hasVoted || !this.#ballot.isNewEpoch) return false;
    return isUpToDate(request, this.#options.log);
  }

  #isLeaderSilent(now: MonotonicMs): boolean {
    if (this.#isLeaderRefusing) return true;
    const { heardAt, settings } = this.#options;
    const heard = this.#leaderId === undefined ? undefined : heardAt(this.#leaderId);
    return heard === undefined || now - heard >= settings.fetchTimeoutMs;
  }

  #verdict(request: VoteRequest, isGranted: boolean): VoteAnswer {
    return {
      voter: this.#options.self,
      askedEpoch: request.leaderEpoch,
      isPreVote: request.isPreVote,
      isGranted,
      leaderEpoch: this.leaderEpoch,
      leaderId: this.#leaderId,
    };
  }

  #preCampaign(now: MonotonicMs): void {
    this.#electionAtMs = this.#drawElection(now);
    this.#setLeader(undefined);
    const election = this.#newElection(true, now);
    this.#ask(election);
    this.#count(election, this.#options.self, true, now);
  }

  #campaign(now: MonotonicMs): void {
    this.#electionAtMs = this.#drawElection(now);
    this.#ballot.enter(leaderEpoch(this.leaderEpoch + 1));
    this.#setLeader(undefined);
    const election = this.#newElection(false, now);
    this.#vote(this.#options.self);
    this.#ballot.whenDurable(now, (durableAt) => {
      this.#ask(election);
      this.#count(election, this.#options.self, true, durableAt);
    });
  }

  #newElection(isPreVote: boolean, now: MonotonicMs): Election {
    const round = { leaderEpoch: this.leaderEpoch, isPreVote, now };
    const election = new Election(this.#options.voters.current, round);
    this.#role = { type: 'candidate', election };
    return election;
  }

  #vote(candidate: ReplicaId): void {
    this.#ballot.vote(candidate.directoryId);
    this.#options.port.persistVote(this.leaderEpoch, candidate);
  }

  #ask({ leaderEpoch: epoch, isPreVote }: Election): void {
    const { self: candidate, log, port } = this.#options;
    const { lastEpoch, logEndOffset } = log;
    for (const voter of this.#others()) {
      const request = { candidate, voter, leaderEpoch: epoch, lastEpoch, logEndOffset, isPreVote };
      port.askVote(voter.nodeId, request);
    }
  }

  #count(election: Election, voter: ReplicaId, isGranted: boolean, now: MonotonicMs): void {
    election.answered(voter, isGranted);
    if (election.isWon) return election.isPreVote ? this.#campaign(now) : this.#lead(election, now);
    if (election.isLost) this.#role = { type: 'follower' };
  }

  #lead(election: Election, now: MonotonicMs): void {
    assert(this.#ballot.isNewEpoch, 'never in an epoch found at start (C1)');
    const { log, port, settings, heardAt } = this.#options;
    const leadership = new Leadership({
      ...this.#options,
      ...settings,
      leaderEpoch: this.leaderEpoch,
      epochStartOffset: log.logEndOffset,
      highWatermark: this.#highWatermark,
      now,
      // Who granted the vote was heard of since the election began (C4).
      heardAt: (nodeId) =>
        election.granted.some((voter) => voter.nodeId === nodeId)
          ? election.startedAtMs
          : heardAt(nodeId),
    });
    this.#role = { type: 'leader', leadership };
    this.#leaderId = this.#options.self.nodeId;
    port.led(this.leaderEpoch, election.granted);
    port.leaderChanged();
    this.#beginUnaware(leadership, now);
  }

  #beginUnaware(leadership: Leadership, now: MonotonicMs): void {
    const { self, port, settings } = this.#options;
    this.#beginAtMs = now + settings.fetchTimeoutMs / 4;
    const begin = { leaderId: self.nodeId, leaderEpoch: this.leaderEpoch };
    for (const nodeId of leadership.unaware()) port.beginEpoch(nodeId, begin);
  }

  /** An epoch at or above this one, led by someone or by nobody yet. */
  #enterEpoch(epoch: LeaderEpoch, leaderId: number | undefined, now: MonotonicMs): void {
    this.#ballot.enter(epoch);
    const wasLeader = this.isLeader;
    this.#role = { type: 'follower' };
    if (wasLeader) this.#options.port.resigned();
    this.#electionAtMs = this.#drawElection(now);
    this.#setLeader(leaderId === this.#options.self.nodeId ? undefined : leaderId);
  }

  #setLeader(leaderId: number | undefined): void {
    if (this.#leaderId === leaderId) return;
    this.#leaderId = leaderId;
    this.#isLeaderRefusing = false;
    this.#options.port.leaderChanged();
  }

  #moved(hasMoved: boolean): void {
    const { leadership } = this;
    if (!hasMoved || leadership === undefined) return;
    assert(leadership.highWatermark > this.#highWatermark, 'the high watermark only rises');
    this.#highWatermark = leadership.highWatermark;
    this.#options.port.highWatermarkMoved();
  }

  #others(): ReplicaId[] {
    const { voters, self } = this.#options;
    return voters.current.voters.filter((voter) => !isSameReplica(voter, self));
  }

  /** A data voter; a witness and an observer never campaign (V1, V3). */
  get #mayLead(): boolean {
    const { voters, self } = this.#options;
    return voters.current.find(self)?.role === 'data';
  }

  get #isAlone(): boolean {
    return this.#mayLead && this.#options.voters.current.voters.length === 1;
  }

  #electSoon(now: MonotonicMs): void {
    this.#electionAtMs = Math.min(this.#electionAtMs, this.#drawSoon(now));
  }

  #drawElection(now: MonotonicMs): number {
    return now + this.#options.settings.fetchTimeoutMs * (1 + this.#options.random.next());
  }

  #drawSoon(now: MonotonicMs): number {
    return now + refusedMsMin + this.#options.random.next() * (refusedMsMax - refusedMsMin);
  }
}
