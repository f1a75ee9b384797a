import { assert } from '../../base/assert.ts';
import { offset, type LeaderEpoch, type MonotonicMs, type Offset } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { Ballot, type StoredVote } from './ballot.ts';
import { Campaign } from './campaign.ts';
import type { Election } from './election.ts';
import { beginAnew, cutToLeader } from './follower-log.ts';
import { KnownCommits } from './known-commits.ts';
import { Leadership } from './leadership.ts';
import type { BeginEpoch, EndEpoch, FetchRequest, FetchVerdict } from './peer-call.ts';
import type { VoteAnswer, VoteRequest } from './peer-call.ts';
import { LeaderWatch } from './leader-watch.ts';
import type { LogStart } from './log-start.ts';
import type { EpochEnd, LogEnd } from './replica-log.ts';
import type { ReplicaOptions } from './replica-options.ts';
import { leastLog, mayGrant, mayLead, verdictOf } from './vote-rules.ts';
import { isSameReplica, type ReplicaId, type VoterSet } from './voter-set.ts';

/**
 * One replica of one partition: Raft in KRaft's manner. Followers pull, the epoch is stored in
 * every batch, a pre-vote comes before each vote. It knows no socket, no file and no clock.
 *
 * follower -> (nothing heard) pre-vote -> vote -> leader -> (higher epoch, lost quorum) follower.
 */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #ballot: Ballot;
  readonly #watch: LeaderWatch;
  readonly #campaign: Campaign;
  #leadership: Leadership | undefined;
  #wanted: VoterSet | undefined;
  readonly #commits: KnownCommits;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#ballot = new Ballot(options.vote, options.log.lastEpoch);
    this.#campaign = new Campaign(options, this.#ballot, (election, now) =>
      this.#won(election, now),
    );
    this.#commits = new KnownCommits(options.log.logStartOffset);
    const { random, stepShare = () => random.next(), heardAt, now } = options;
    const { fetchTimeoutMs } = options.settings;
    // A lone voter waits for nobody (C1).
    const firstAtMs = this.#isAlone ? now : undefined;
    this.#watch = new LeaderWatch({ fetchTimeoutMs, random, stepShare, heardAt }, now, firstAtMs);
  }

  get self(): ReplicaId {
    return this.#options.self;
  }

  /** Who votes now (V1). */
  get voters(): VoterSet {
    return this.#options.voters.current;
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#ballot.leaderEpoch;
  }

  get leaderId(): number | undefined {
    return this.#watch.leaderId;
  }

  get isLeader(): boolean {
    return this.#leadership !== undefined;
  }

  get leadership(): Leadership | undefined {
    return this.#leadership;
  }

  /** Never lower than before in this process (C6). */
  get highWatermark(): Offset {
    return this.#commits.highWatermark;
  }

  /** All that its leader had committed when it was first heard of in its epoch is known here. */
  get knowsCommits(): boolean {
    return this.#commits.hasReached(this.leaderEpoch);
  }

  /**
   * The Fetch that a follower wants to send now; without a leader to any voter, which says who it
   * is. Undefined: it leads or campaigns.
   */
  fetchRequest(): FetchRequest | undefined {
    if (!this.#isFollower) return undefined;
    const { self, log, voters } = this.#options;
    return {
      replica: self,
      role: this.#options.role ?? voters.current.find(self)?.role,
      leaderEpoch: this.leaderEpoch,
      fetchOffset: log.logEndOffset,
      lastFetchedEpoch: log.lastEpoch,
      persistedOffset: log.persistedOffset,
    };
  }

  /** `answer` is called once: the vote it promises is told when it is durable. */
  voteRequested(
    request: VoteRequest,
    now: MonotonicMs,
    answer: (answer: VoteAnswer) => void,
  ): void {
    const { self } = this.#options;
    const { leaderEpoch: epoch, candidate } = request;
    const say = (isGranted: boolean): void => answer(verdictOf(request, isGranted, this));
    const least = leastLog(candidate, this.#options);
    if (!isSameReplica(request.voter, self) || least === undefined) return say(false);
    // For a pre-vote too (KIP-996): who alone stored an epoch could follow no older one again.
    if (epoch > this.leaderEpoch) this.#enterEpoch(epoch, undefined, now);
    const isGranted = this.#mayGrant(request, least, now);
    if (!isGranted && !request.isPreVote) this.#refusedVote(now);
    if (!isGranted || request.isPreVote) return say(isGranted);
    if (!isSameReplica(candidate, self)) this.#campaign.stop();
    this.#watch.arm(now);
    if (!this.#ballot.hasVoted) this.#campaign.voteFor(candidate);
    // Who led in the epoch that is over does not lead in the one that comes.
    const lapse = () => answer({ ...verdictOf(request, false, this), leaderId: undefined });
    return this.#ballot.whenDurable(now, () => say(true), lapse);
  }

  votePersisted(vote: StoredVote, now: MonotonicMs): void {
    this.#ballot.persisted(vote, now);
  }

  /** Its log goes: what it would promise is told nobody. */
  withdraw(): void {
    this.#ballot.withdraw();
  }

  voteAnswered(answer: VoteAnswer, now: MonotonicMs): void {
    const { leaderEpoch: epoch, leaderId } = answer;
    if (epoch > this.leaderEpoch) return this.#enterEpoch(epoch, leaderId, now);
    // Who refuses a pre-vote because it hears a leader says which one.
    const isLed = leaderId !== undefined && leaderId !== this.#options.self.nodeId;
    const isAsked = this.#campaign.isPreVote && answer.isPreVote;
    if (isAsked && !answer.isGranted && isLed && epoch === this.leaderEpoch) {
      return this.#enterEpoch(epoch, leaderId, now);
    }
    if (this.#campaign.answered(answer, now) === 'refused') this.#watch.armAgain(now);
  }

  /** @returns what a leader of an old epoch is refused with. */
  epochBegun(begin: BeginEpoch, now: MonotonicMs): ErrorCode | undefined {
    if (begin.leaderEpoch < this.leaderEpoch) return 'FENCED_LEADER_EPOCH';
    if (begin.leaderEpoch > this.leaderEpoch || this.leaderId === undefined) {
      this.#enterEpoch(begin.leaderEpoch, begin.leaderId, now);
    }
    return undefined;
  }

  /** The leader goes: its first successor campaigns at once, the others a little later. */
  epochEnded(end: EndEpoch, now: MonotonicMs): void {
    if (end.leaderEpoch !== this.leaderEpoch || !this.#isFollower) return;
    if (this.leaderId !== undefined && this.leaderId !== end.leaderId) return;
    this.#setLeader(undefined);
    if (!this.#mayLead) return;
    const [first] = end.successors;
    const isFirst = first !== undefined && isSameReplica(first, this.#options.self);
    if (isFirst) return this.#vote(now);
    this.#watch.armAfterFirst(now);
  }

  /** A node refuses connections: its partitions need another leader, its voters are not in sync. */
  nodeRefused(nodeId: number, now: MonotonicMs): void {
    const { leadership } = this;
    if (leadership !== undefined) return this.#moved(leadership.unreachable(nodeId, now));
    if (this.#watch.leaderId === nodeId) this.#watch.refused(now);
  }

  /** The leader's node answers that it does not lead this partition any more (T2). */
  leaderDenied(epoch: LeaderEpoch, now: MonotonicMs): void {
    if (epoch !== this.leaderEpoch || !this.#isFollower) return;
    this.#setLeader(undefined);
    this.#watch.armSoon(now);
  }

  /**
   * The leader of that epoch says that this log leaves its own (KIP-595). A late answer is dropped.
   * @returns false if it would cut what is committed: no leader of ours says that.
   */
  diverged(epoch: LeaderEpoch, end: EpochEnd): boolean {
    if (!this.#follows(epoch)) return true;
    return cutToLeader(end, { ...this.#options, highWatermark: this.highWatermark });
  }

  /**
   * The leader of that epoch says that its log begins above this one's end, or that they part below
   * it: this one begins anew there. A late answer is dropped.
   * @param told the leader's high watermark, as the same answer has it.
   * @returns false if it would drop what is committed: no leader of ours says that.
   */
  belowStart(epoch: LeaderEpoch, start: LogStart, told: Offset): boolean {
    if (!this.#follows(epoch)) return true;
    if (!beginAnew(start, { ...this.#options, highWatermark: this.highWatermark })) return false;
    this.#commits.beganAnew(epoch, told);
    this.leaderHighWatermark(epoch, start.logStartOffset);
    return true;
  }

  /** A Fetch answer of the leader of that epoch, its records appended before; dropped if late. */
  leaderHighWatermark(epoch: LeaderEpoch, told: Offset): void {
    if (!this.#follows(epoch)) return;
    this.#options.log.leaderCommitted?.(told, epoch);
    const known = offset(Math.min(told, this.#options.log.logEndOffset));
    if (this.#commits.told(epoch, told, known)) this.#options.port.highWatermarkMoved();
  }

  /** An answer named an epoch and its leader. */
  leaderTold(epoch: LeaderEpoch, leaderId: number | undefined, now: MonotonicMs): void {
    const isNews = epoch === this.leaderEpoch && this.leaderId === undefined;
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
    this.#changed(leadership, now);
    return verdict;
  }

  /** The log was appended to or fsynced, or its voters changed. */
  logChanged(now: MonotonicMs): void {
    if (this.#leadership !== undefined) this.#changed(this.#leadership, now);
  }

  /** Who is to vote in this partition in the end (V1): its leader moves the voters there. */
  wantVoters(wanted: VoterSet, now: MonotonicMs): void {
    this.#wanted = wanted;
    this.logChanged(now);
  }

  /**
   * An operator gives the other voters up (V5): this one leads alone, in an epoch far ahead.
   * @param as who this disk was when it voted, if it lost its votes since (V4).
   * @returns false if it is no data voter, while somebody is known to vote.
   */
  forceVoters(now: MonotonicMs, epochMin = this.leaderEpoch, as = this.self): boolean {
    if (!mayLead(this.#options, as) && this.voters.voters.length > 0) return false;
    this.#enterEpoch(this.leaderEpoch, undefined, now);
    this.#campaign.force(now, epochMin);
    return true;
  }

  /** Another one shall lead: that of the named node, or the most advanced voter in sync. */
  resign(now: MonotonicMs, first?: number): void {
    const { leadership, leaderEpoch: epoch } = this;
    if (leadership === undefined) return;
    const { self, port } = this.#options;
    const successors = leadership.successors(first);
    const end = { leaderId: self.nodeId, leaderEpoch: epoch, successors };
    for (const { nodeId } of this.#others()) port.endEpoch(nodeId, end);
    this.#enterEpoch(this.leaderEpoch, undefined, now);
  }

  /** When `tick` is due; undefined: never, as things are. */
  nextDeadline(): number | undefined {
    const { leadership } = this;
    if (leadership === undefined) return this.#mayLead ? this.#watch.electionAtMs : undefined;
    const next = leadership.nextDeadline();
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  tick(now: MonotonicMs): void {
    const { leadership } = this;
    if (leadership !== undefined) {
      this.#moved(leadership.tick(now));
      if (leadership.hasLostQuorum(now)) this.#enterEpoch(this.leaderEpoch, undefined, now);
      else this.#beginUnaware(leadership, now);
      return;
    }
    if (!this.#mayLead || !this.#watch.isDue(now)) return;
    return this.#isAlone ? this.#vote(now) : this.#preVote(now);
  }

  #mayGrant(request: VoteRequest, least: LogEnd, now: MonotonicMs): boolean {
    return mayGrant(request, {
      ...{ ballot: this.#ballot, least },
      hearsLeader: this.isLeader || !this.#watch.isSilent(now),
      leaderId: this.leaderId,
    });
  }

  /** Without a leader, and no vote given: the candidate lacks what this replica has. */
  #refusedVote(now: MonotonicMs): void {
    const isOpen = this.leaderId === undefined && !this.#ballot.hasVoted;
    if (isOpen && this.#isFollower) this.#watch.armSoon(now);
  }

  #preVote(now: MonotonicMs): void {
    this.#setLeader(undefined);
    this.#watch.arm(now);
    this.#campaign.preVote(now);
  }

  #vote(now: MonotonicMs): void {
    this.#setLeader(undefined);
    this.#watch.armVote(now);
    this.#campaign.vote(now);
  }

  #won(election: Election, now: MonotonicMs): void {
    if (election.isPreVote) this.#vote(now);
    else this.#lead(election, now);
  }

  #lead(election: Election, now: MonotonicMs): void {
    assert(this.#ballot.isNewEpoch, 'never in an epoch found at start (C1)');
    const { log, port, settings, heardAt, voters } = this.#options;
    const leadership = new Leadership({
      ...this.#options,
      ...settings,
      leaderEpoch: this.leaderEpoch,
      epochStartOffset: log.logEndOffset,
      highWatermark: this.highWatermark,
      now,
      // Who granted the vote was heard of since the election began (C4).
      heardAt: (nodeId) =>
        election.granted.some((voter) => voter.nodeId === nodeId)
          ? election.startedAtMs
          : heardAt(nodeId),
      wanted: () => this.#wanted,
    });
    this.#campaign.stop();
    this.#leadership = leadership;
    this.#watch.follow(this.#options.self.nodeId);
    port.led(this.leaderEpoch, election.granted);
    if (election.voters !== voters.current) port.appendVoters(election.voters);
    port.leaderChanged();
    this.#beginUnaware(leadership, now);
  }

  #beginUnaware(leadership: Leadership, now: MonotonicMs): void {
    const { self, port } = this.#options;
    const begin = { leaderId: self.nodeId, leaderEpoch: this.leaderEpoch };
    for (const nodeId of leadership.toBegin(now)) port.beginEpoch(nodeId, begin);
  }

  /** An epoch at or above this one, led by someone or by nobody yet. */
  #enterEpoch(epoch: LeaderEpoch, leaderId: number | undefined, now: MonotonicMs): void {
    this.#ballot.enter(epoch);
    const wasLeader = this.isLeader;
    this.#campaign.stop();
    this.#leadership = undefined;
    if (wasLeader) this.#options.port.resigned();
    this.#setLeader(leaderId === this.#options.self.nodeId ? undefined : leaderId);
    this.#watch.arm(now);
  }

  get #isFollower(): boolean {
    return !this.isLeader && !this.#campaign.isRunning;
  }

  /** It is a follower, or a candidate without success yet, of that epoch. */
  #follows(epoch: LeaderEpoch): boolean {
    return epoch === this.leaderEpoch && !this.isLeader;
  }

  #setLeader(leaderId: number | undefined): void {
    if (this.#watch.follow(leaderId)) this.#options.port.leaderChanged();
  }

  #changed(leadership: Leadership, now: MonotonicMs): void {
    this.#moved(leadership.changed(now));
    const step = this.#wanted === undefined ? undefined : this.#leadership?.voterStep(now);
    if (step?.type === 'append') this.#options.port.appendVoters(step.voters);
    else if (step?.type === 'handOver') this.resign(now);
  }

  #moved(hasMoved: boolean): void {
    const { leadership } = this;
    if (!hasMoved || leadership === undefined) return;
    this.#commits.committed(this.leaderEpoch, leadership.highWatermark);
    this.#options.port.highWatermarkMoved();
  }

  #others(): ReplicaId[] {
    const { voters, self } = this.#options;
    return voters.current.voters.filter((voter) => !isSameReplica(voter, self));
  }

  get #mayLead(): boolean {
    return mayLead(this.#options);
  }

  get #isAlone(): boolean {
    return this.#mayLead && this.#options.voters.current.voters.length === 1;
  }
}
