import type { LeaderEpoch, MonotonicMs } from '../../src/base/brand.ts';
import { leaderEpoch as toEpoch, offset } from '../../src/base/brand.ts';
import { Prng } from '../../src/base/prng.ts';
import type { FetchRequest } from '../../src/core/replica/peer-call.ts';
import { Replica } from '../../src/core/replica/replica.ts';
import type { ReplicaPort } from '../../src/core/replica/replica-options.ts';
import { VoterSet, type Voter } from '../../src/core/replica/voter-set.ts';
import { EventQueue } from './event-queue.ts';
import type { Faults } from './faults.ts';
import { GroupInvariants } from './group-invariants.ts';
import { GroupNode, type Disk, type FetchAnswer, type Parked } from './group-node.ts';
import type { DiskOfVoter } from './invariants/commit-rule-holds.ts';
import { InvariantBroken } from './invariants/invariant-broken.ts';
import { SimNetwork } from './sim-network.ts';

export const settings = {
  fetchTimeoutMs: 1_500,
  replicaLagTimeMaxMs: 1_000,
  parkMsMax: 300,
};

/** A place in the group: a node and what it is to keep. */
export interface Seat {
  readonly nodeId: number;
  readonly role: Voter['role'];
}

export interface GroupShape {
  readonly nodes: number;
  /** Nodes that keep no records, for good. */
  readonly witnesses: readonly number[];
  readonly minInsyncReplicas: (dataVoters: number) => number;
  /** Of the first voters; further nodes are observers. */
  readonly seats: readonly Seat[];
  readonly faults: Faults;
  /** So many records fill a segment: only whole ones are deleted. */
  readonly segmentRecords: number;
}

/**
 * One replicated partition on several nodes in one thread: a network that delays, loses and
 * doubles, disks that forget what was not fsynced, processes that die and pause. Only the replicas'
 * decisions are real.
 */
export class GroupWorld {
  readonly queue = new EventQueue();
  readonly invariants = new GroupInvariants(settings.fetchTimeoutMs);
  readonly nodes: readonly GroupNode[];
  readonly network: SimNetwork<GroupNode>;
  readonly #random: Prng;
  readonly minInsyncReplicas: GroupShape['minInsyncReplicas'];
  #faults: Faults;
  readonly #waking = new Set<GroupNode>();
  /** Disks that are gone, and what they had. */
  readonly #lost = new Map<string, number>();
  readonly #takenOut = new Map<GroupNode, Disk>();
  #wanted: readonly Seat[];
  #wantedVersion = 0;
  #published = 0;
  /** Folded from every event that matters: the same seed gives the same (DESIGN 9). */
  hash = 0;
  trace: ((line: string) => void) | undefined;
  /** What happened, how often. */
  readonly counts = new Map<string, number>();

  constructor(seed: number, shape: GroupShape) {
    const { seats, nodes, witnesses, faults, minInsyncReplicas, segmentRecords } = shape;
    this.minInsyncReplicas = minInsyncReplicas;
    this.#random = new Prng(seed);
    this.#faults = faults;
    this.#wanted = seats;
    this.nodes = Array.from({ length: nodes }, (_, i) => {
      const role = witnesses.includes(i + 1) ? 'witness' : 'data';
      const rate = 1 + (this.#random.next() - 0.5) * faults.clockDrift;
      const clock = { zeroMs: Math.floor(this.#random.next() * 1e6), rate };
      return new GroupNode(i + 1, role, clock, segmentRecords);
    });
    const voters = this.#votersOf(seats);
    for (const node of this.nodes) node.create(voters);
    this.network = new SimNetwork(this.queue, this.#random, faults, {
      whenRunning: (node, run) => this.#whenRunning(node, run),
      refused: (node, by) => node.replica?.nodeRefused(by, this.now(node)),
    });
    for (const node of this.nodes) this.start(node);
    this.queue.afterEach = () => this.invariants.check(this.nodes, this.queue.nowMs);
  }

  get random(): Prng {
    return this.#random;
  }

  /** By the clock of a node. */
  now(node: GroupNode): MonotonicMs {
    return node.now(this.queue.nowMs);
  }

  /** Who believes to lead and runs. */
  get leaders(): readonly GroupNode[] {
    return this.nodes.filter((node) => node.replica?.isLeader === true && !node.isPaused);
  }

  /** The one of the highest epoch that any node knows of; undefined: there is none. */
  get leader(): GroupNode | undefined {
    const known = this.nodes.map(
      (node) => node.replica?.leaderEpoch ?? node.vote?.leaderEpoch ?? 0,
    );
    const newest = Math.max(...known);
    return this.leaders.find(({ replica }) => replica?.leaderEpoch === newest);
  }

  get wanted(): VoterSet {
    return this.#votersOf(this.#wanted);
  }

  start(node: GroupNode): void {
    node.begin();
    node.replica = new Replica({
      ...{ self: node.self, role: node.role, log: node.log, voters: node.voters },
      vote: node.vote,
      ...{ now: this.now(node), port: this.#portOf(node) },
      settings: { ...settings, minInsyncReplicas: this.minInsyncReplicas },
      random: { next: () => this.#random.next(), uuid: () => node.directoryId },
      heardAt: (nodeId) => node.heardAt(nodeId),
      isStopping: () => node.isStopping,
    });
    this.#note('start', node.nodeId);
    node.replica.wantVoters(this.wanted, this.now(node));
    this.wake(node);
    this.#discover(node);
  }

  crash(node: GroupNode): void {
    if (!node.isUp) return;
    this.#note('crash', node.nodeId);
    node.replica = undefined;
    node.incarnation++;
    node.isPaused = false;
    node.log.crash(this.#random.below(node.log.unsynced + 1));
    // Its sockets are reset; who hears of it knows that nobody listens there.
    for (const other of this.nodes) {
      if (other === node) continue;
      const refused = (): void => other.replica?.nodeRefused(node.nodeId, this.now(other));
      this.network.reset(node, other, refused);
    }
  }

  restart(node: GroupNode): void {
    if (!node.isUp) this.start(node);
  }

  crashFor(node: GroupNode, ms: number): void {
    this.crash(node);
    this.queue.after(ms, () => this.restart(node));
  }

  /** Bad bytes below its durable mark: what is left of the log begins a little earlier (L6, V4). */
  rot(node: GroupNode): void {
    this.crash(node);
    this.#note('rot', node.nodeId);
    node.log.rot(this.#random.next());
  }

  /** A planned stop of the leader's office. */
  handOver(): void {
    const { leader } = this;
    if (leader === undefined) return;
    this.#note('handOver', leader.nodeId);
    leader.replica?.resign(this.now(leader));
    this.wake(leader);
  }

  /** A clean stop: it hands over, campaigns no more, and keeps all that it has. */
  stopFor(node: GroupNode, ms: number): void {
    if (!node.isUp) return;
    this.#note('stop', node.nodeId);
    node.isStopping = true;
    node.replica?.resign(this.now(node));
    const { incarnation } = node;
    this.queue.after(500, () => {
      if (node.incarnation !== incarnation) return;
      node.log.fsynced(node.log.generation, node.log.logEndOffset);
      this.crashFor(node, ms);
    });
  }

  /** Its disk is replaced, by an empty one or by one that it had before; it starts later. */
  replaceDisk(node: GroupNode, isOld: boolean): void {
    this.crash(node);
    const taken = node.takeDisk();
    this.#lost.set(taken.directoryId, taken.log.promisedOffset);
    const old = isOld ? this.#takenOut.get(node) : undefined;
    this.#note(old === undefined ? 'disk' : 'oldDisk', node.nodeId);
    if (old === undefined) node.replaceDisk();
    else node.putDisk(old);
    this.#takenOut.set(node, taken);
    this.want(this.#wanted);
  }

  /** An operator's promotion (V5). */
  force(node: GroupNode): void {
    const isTaken = node.replica?.forceVoters(this.now(node)) === true;
    if (isTaken) this.#note('promote', node.nodeId);
    this.wake(node);
  }

  /** Its disk takes no fsync for a while: what it appends, others may have sooner. */
  stall(node: GroupNode, ms: number): void {
    this.#note('stall', node.nodeId);
    node.stalledUntilMs = this.queue.nowMs + ms;
  }

  pause(node: GroupNode): void {
    this.#note('pause', node.nodeId);
    node.isPaused = true;
  }

  resume(node: GroupNode): void {
    if (!node.isPaused) return;
    node.isPaused = false;
    this.invariants.quorumHeard.begins(node, this.queue.nowMs);
    this.wake(node);
  }

  /** Who is to vote in the end; every node hears of it, sooner or later. */
  want(seats: readonly Seat[], delayMsMax = 5_000): void {
    this.#wanted = seats;
    const version = ++this.#wantedVersion;
    this.#note('want', ...seats.map(({ nodeId, role }) => (role === 'data' ? nodeId : -nodeId)));
    for (const node of this.nodes) {
      this.queue.after(this.#random.next() * delayMsMax, () => {
        if (version !== this.#wantedVersion) return;
        this.#whenRunning(node, () => node.replica?.wantVoters(this.wanted, this.now(node)));
      });
    }
  }

  /** Clients give records to whoever believes to lead. */
  publish(node: GroupNode, records = 1): void {
    const { replica, log } = node;
    if (replica?.isLeader !== true || node.isPaused) return;
    for (let i = 0; i < records; i++) {
      const payload = `p${this.#published++}`;
      const place = log.logEndOffset;
      log.append({ leaderEpoch: replica.leaderEpoch, payload });
      node.waiters.add({
        leaderEpoch: replica.leaderEpoch,
        endOffset: log.logEndOffset,
        settled: (isCommitted) => {
          if (isCommitted) this.invariants.acknowledgedStays.acknowledge(payload, place);
        },
      });
    }
    this.#appended(node);
  }

  /** Retention on the leader (L10): nothing above the watermark goes. */
  trim(node: GroupNode, upTo: number): void {
    const to = node.log.segmentOf(upTo);
    if (node.replica?.isLeader !== true || to > node.replica.highWatermark) return;
    if (to <= node.log.logStartOffset) return;
    this.#note('trim', node.nodeId, to);
    node.log.advanceStart(offset(to), node.voters.at(offset(to)));
    this.#answerParked(node);
  }

  /** From now on only this breaks. */
  allow(faults: Faults): void {
    this.#faults = faults;
    this.network.faults = faults;
  }

  runUntil(endMs: number): void {
    this.queue.runUntil(endMs);
  }

  #votersOf(seats: readonly Seat[]): VoterSet {
    return new VoterSet(
      seats.map(({ nodeId, role }) => ({
        ...{ nodeId, role },
        directoryId: this.node(nodeId).directoryId,
      })),
    );
  }

  #portOf(node: GroupNode): ReplicaPort {
    const { incarnation, nodeId } = node;
    const alive = (): Replica | undefined =>
      node.incarnation === incarnation ? node.replica : undefined;
    return {
      persistVote: (leaderEpoch, votedFor) => {
        const vote = { leaderEpoch, votedFor: votedFor.directoryId };
        if (this.#faults.diesVoting(this.#random)) this.#dieSoon(node, 10);
        // One journal: what was written later is not durable sooner.
        const doneMs = this.queue.nowMs + this.#fsyncMs(node);
        node.journalBusyUntilMs = Math.max(node.journalBusyUntilMs, doneMs);
        this.queue.after(node.journalBusyUntilMs - this.queue.nowMs, () => {
          if (node.incarnation !== incarnation) return;
          node.vote = vote;
          this.#whenRunning(node, () => alive()?.votePersisted(vote, this.now(node)));
        });
      },
      askVote: (to, request) => {
        const other = this.node(to);
        const { candidate, leaderEpoch, isPreVote } = request;
        if (!isPreVote) this.#voted(node, leaderEpoch, candidate.directoryId);
        this.network.send(node, other, () =>
          other.replica?.voteRequested(request, this.now(other), (answer) => {
            if (answer.isGranted && !isPreVote)
              this.#voted(other, leaderEpoch, candidate.directoryId);
            this.network.send(other, node, () => alive()?.voteAnswered(answer, this.now(node)));
          }),
        );
      },
      beginEpoch: (to, begin) => {
        const other = this.node(to);
        this.network.send(
          node,
          other,
          () => void other.replica?.epochBegun(begin, this.now(other)),
        );
      },
      endEpoch: (to, end) => {
        const other = this.node(to);
        this.network.send(node, other, () => other.replica?.epochEnded(end, this.now(other)));
      },
      led: (leaderEpoch) => {
        this.#note('led', nodeId, leaderEpoch);
        const { invariants } = this;
        invariants.guard(() => invariants.oneLeader.led(leaderEpoch, nodeId));
        invariants.guard(() => invariants.leaderHasAll.led(leaderEpoch, nodeId, node.log));
        invariants.quorumHeard.begins(node, this.queue.nowMs);
        node.log.append({ leaderEpoch, payload: undefined });
        if (this.#faults.diesLeading(this.#random)) this.#dieSoon(node, 200);
        this.queue.after(0, () => alive() && this.#appended(node));
      },
      appendVoters: (voters) => {
        this.#appendVoters(node, voters);
        if (this.#faults.diesChanging(this.#random)) {
          // Before its own disk has the change, perhaps, but not before others have it.
          if (this.#random.chance(0.7)) this.stall(node, 50);
          this.#dieSoon(node, 50);
        }
        this.queue.after(0, () => alive() && this.#appended(node));
      },
      resigned: () => {
        this.#note('resigned', nodeId);
        node.waiters.epochEnded();
        node.parked.clear();
      },
      leaderChanged: () => {
        node.toldWatermark = 0;
        this.queue.after(0, () => alive() && this.#fetch(node));
      },
      highWatermarkMoved: () => this.#watermarkMoved(node),
    };
  }

  #voted({ directoryId, vote }: GroupNode, leaderEpoch: LeaderEpoch, candidate: string): void {
    const { oneVote } = this.invariants;
    this.invariants.guard(() => oneVote.told(directoryId, leaderEpoch, candidate, vote));
  }

  #appendVoters(node: GroupNode, next: VoterSet): void {
    const { replica, log, voters } = node;
    if (replica === undefined) return;
    const wasGrown = next.voters.length > voters.current.voters.length;
    const what = wasGrown ? 'voters+' : 'voters-';
    this.#note(what, node.nodeId, log.logEndOffset, ...next.voters.map(show));
    const is = {
      forced: next.voters.length === 1 && replica.leadership?.isEpochCommitted === false,
      committed: voters.currentFrom < Math.max(replica.highWatermark, 1),
      epochCommitted: replica.leadership?.isEpochCommitted === true,
    };
    const { voterSteps } = this.invariants;
    this.invariants.guard(() => voterSteps.changed(voters.current, next, is));
    voters.appended(next, log.logEndOffset);
    log.append({ leaderEpoch: replica.leaderEpoch, payload: undefined, voters: next });
  }

  #dieSoon(node: GroupNode, withinMs: number): void {
    const { incarnation } = node;
    this.queue.after(this.#random.next() * withinMs, () => {
      if (node.incarnation === incarnation) this.crash(node);
    });
    this.queue.after(withinMs + 10 + this.#random.next() * 1_000, () => this.restart(node));
  }

  /** Something reaches a node's process: not while it is down, later while it is paused. */
  #whenRunning(node: GroupNode, run: () => void): void {
    const { incarnation } = node;
    if (!node.isUp) return;
    if (node.isPaused) return this.queue.after(50, () => this.#whenRunning(node, run));
    if (node.incarnation !== incarnation) return;
    run();
    this.wake(node);
  }

  /** Timers: a tick at the next deadline, and a look each 100 ms, since deadlines move. */
  wake(node: GroupNode): void {
    const deadline = node.replica?.nextDeadline();
    if (deadline === undefined || node.isPaused || this.#waking.has(node)) return;
    const { incarnation } = node;
    // A sum of floating point numbers may fall a little short of the deadline.
    const delayMs = Math.min(node.msUntil(deadline, this.queue.nowMs) + 0.001, 100);
    this.#waking.add(node);
    this.queue.after(delayMs, () => {
      this.#waking.delete(node);
      if (node.incarnation !== incarnation || node.isPaused) return this.wake(node);
      const due = node.replica?.nextDeadline();
      if (due !== undefined && due <= this.now(node)) node.replica?.tick(this.now(node));
      this.wake(node);
    });
  }

  /** Who does not campaign asks around for a leader, as nodes do when they introduce themselves. */
  #discover(node: GroupNode): void {
    const { incarnation } = node;
    this.queue.after(300 + this.#random.next() * 300, () => {
      if (node.incarnation !== incarnation) return;
      this.#discover(node);
      const { replica } = node;
      if (replica === undefined || replica.leaderId !== undefined) return;
      // A data voter campaigns before long.
      if (replica.nextDeadline() !== undefined) return;
      const other = this.#random.pick(this.nodes);
      if (other === node) return;
      this.network.send(node, other, () => {
        const { leaderEpoch, leaderId } = other.replica ?? replica;
        this.network.send(other, node, () =>
          node.replica?.leaderTold(leaderEpoch, leaderId, this.now(node)),
        );
      });
    });
  }

  #appended(node: GroupNode): void {
    node.replica?.logChanged(this.now(node));
    this.#fsync(node);
    this.#answerParked(node);
  }

  #fsyncMs(node: GroupNode): number {
    const stalledMs = Math.max(node.stalledUntilMs - this.queue.nowMs, 0);
    return stalledMs + this.#faults.fsyncMs(this.#random);
  }

  /** One fsync in flight for each file; it covers what was written before it began (L4). */
  #fsync(node: GroupNode): void {
    const { log, incarnation } = node;
    if (node.isFsyncing || log.unsynced === 0) return;
    node.isFsyncing = true;
    const { generation, logEndOffset } = log;
    this.queue.after(this.#fsyncMs(node), () => {
      if (node.incarnation !== incarnation) return;
      node.isFsyncing = false;
      log.fsynced(generation, logEndOffset);
      this.#whenRunning(node, () => {
        node.replica?.logChanged(this.now(node));
        this.#answerParked(node);
        this.#fetch(node);
      });
      this.#fsync(node);
    });
  }

  /** A new Fetch, whatever the last one does: the leader answers the parked one for it (T1). */
  #fetch(node: GroupNode): void {
    const request = node.log.isCutting ? undefined : node.replica?.fetchRequest();
    const leaderId = node.replica?.leaderId;
    if (request === undefined || leaderId === undefined) return;
    const { incarnation } = node;
    const fetchId = ++node.fetchId;
    const leader = this.node(leaderId);
    const told = node.toldWatermark;
    this.network.send(node, leader, () =>
      this.#serve(leader, request, told, (answer) =>
        this.network.send(leader, node, () => {
          if (node.incarnation !== incarnation) return;
          this.#fetched(node, request, answer);
          // A late or doubled answer starts no second chain of Fetches.
          if (fetchId === node.fetchId) this.#fetch(node);
        }),
      ),
    );
    // A lost answer is asked for again.
    this.queue.after(2 * settings.parkMsMax, () => {
      const isWaiting = node.incarnation === incarnation && node.fetchId === fetchId;
      if (isWaiting) this.#whenRunning(node, () => this.#fetch(node));
    });
  }

  #serve(
    node: GroupNode,
    request: FetchRequest,
    told: number,
    answer: (answer: FetchAnswer) => void,
  ): void {
    const { replica } = node;
    if (replica === undefined) return;
    const { nodeId } = request.replica;
    const older = node.parked.get(nodeId);
    node.parked.delete(nodeId);
    if (older !== undefined) older.answer(this.#empty(node));
    const verdict = replica.fetched(request, this.now(node));
    if (verdict.type === 'readable' || verdict.type === 'nothing') this.#asked(node, request);
    this.#checkInSync(node);
    switch (verdict.type) {
      case 'refused':
        return answer({ ...this.#empty(node), error: verdict.error });
      case 'belowStart':
        return answer({
          ...this.#empty(node),
          belowStart: node.log.startForReset(node.voters),
        });
      case 'diverging':
        return answer({ ...this.#empty(node), diverging: verdict.end });
      case 'readable': {
        const to = Math.min(verdict.to, verdict.from + this.#faults.fetchRecordsMax);
        const records = node.log.slice(verdict.from, to);
        return answer({ ...this.#empty(node), from: verdict.from, records });
      }
      default:
        if (replica.highWatermark > told) return answer(this.#empty(node));
        return this.#park(node, { request, answer, told });
    }
  }

  #asked(leader: GroupNode, { replica }: FetchRequest): void {
    this.invariants.quorumHeard.asked(leader, replica.directoryId, this.queue.nowMs);
  }

  #park(node: GroupNode, parked: Parked): void {
    const { nodeId } = parked.request.replica;
    node.parked.set(nodeId, parked);
    this.queue.after(settings.parkMsMax, () => {
      if (node.parked.get(nodeId) !== parked) return;
      node.parked.delete(nodeId);
      parked.answer(this.#empty(node));
    });
  }

  /** The log or the watermark moved: parked Fetches are judged again. */
  #answerParked(node: GroupNode): void {
    for (const [nodeId, parked] of [...node.parked]) {
      node.parked.delete(nodeId);
      this.#serve(node, parked.request, parked.told, parked.answer);
    }
  }

  #empty(node: GroupNode): FetchAnswer {
    return {
      leaderEpoch: node.replica?.leaderEpoch ?? toEpoch(0),
      ...{ error: undefined, diverging: undefined, belowStart: undefined },
      ...{ from: 0, records: [] },
      highWatermark: node.replica?.highWatermark ?? 0,
      logStartOffset: node.log.logStartOffset,
    };
  }

  #fetched(node: GroupNode, request: FetchRequest, answer: FetchAnswer): void {
    const { replica, log } = node;
    const { error, leaderEpoch } = answer;
    if (replica === undefined || log.isCutting) return;
    if (error !== undefined || leaderEpoch !== request.leaderEpoch) {
      if (error === 'NOT_LEADER_OR_FOLLOWER') replica.leaderDenied(leaderEpoch, this.now(node));
      return replica.leaderTold(leaderEpoch, undefined, this.now(node));
    }
    if (replica.leaderEpoch !== leaderEpoch || replica.isLeader) return;
    const isThere =
      request.fetchOffset === log.logEndOffset && request.lastFetchedEpoch === log.lastEpoch;
    // An answer about a place that this log has left is none (L4).
    if (!isThere) return;
    if (answer.diverging !== undefined) {
      this.#note('diverged', node.nodeId, answer.diverging.endOffset);
      if (!replica.diverged(leaderEpoch, answer.diverging)) this.#refused(node);
    } else if (answer.belowStart !== undefined) {
      this.#reset(node, leaderEpoch, answer);
    } else {
      if (answer.from === log.logEndOffset) this.#copy(node, answer.records);
      // Only an answer whose place was compared says what of this log is committed.
      replica.leaderHighWatermark(leaderEpoch, offset(answer.highWatermark));
      const start = offset(Math.min(answer.logStartOffset, replica.highWatermark));
      if (start > log.logStartOffset) log.advanceStart(start, node.voters.at(start));
      node.toldWatermark = answer.highWatermark;
    }
  }

  #copy(node: GroupNode, records: readonly FetchAnswer['records'][number][]): void {
    if (records.length === 0) return;
    const { log, voters } = node;
    const isWitness = node.role === 'witness';
    const { hasLostVoters } = log;
    for (const record of records) {
      const isNews = record.voters !== undefined && !hasLostVoters;
      if (isNews) voters.appended(record.voters, log.logEndOffset);
      log.append(isWitness ? { ...record, payload: undefined } : record);
    }
    if (hasLostVoters) node.learnVoters();
    if (isWitness) this.#checkWitness(node);
    this.#fsync(node);
  }

  #reset(
    node: GroupNode,
    leaderEpoch: LeaderEpoch,
    { belowStart, highWatermark }: FetchAnswer,
  ): void {
    const { replica, log, incarnation } = node;
    const before = log.generation;
    if (belowStart === undefined || replica === undefined) return;
    this.#note('reset', node.nodeId, belowStart.logStartOffset);
    const told = offset(Math.max(highWatermark, belowStart.logStartOffset));
    if (!replica.belowStart(leaderEpoch, belowStart, told)) this.#refused(node);
    if (log.generation === before) return;
    this.queue.after(this.#fsyncMs(node), () => {
      if (node.incarnation !== incarnation) return;
      log.resetDone();
      this.#whenRunning(node, () => {
        replica.logChanged(this.now(node));
        this.#fetch(node);
      });
    });
  }

  #refused({ nodeId }: GroupNode): void {
    this.invariants.guard(() => {
      throw new InvariantBroken('committed-is-cut', `node ${nodeId} is told to cut it`);
    });
  }

  #watermarkMoved(node: GroupNode): void {
    const { replica } = node;
    if (replica === undefined) return;
    const { highWatermark } = replica;
    this.#note('watermark', node.nodeId, highWatermark);
    if (replica.isLeader) {
      this.invariants.guard(() => this.#checkCommit(node));
      this.invariants.guard(() => this.invariants.logsAgree.checkOne(node));
    }
    if (replica.isLeader) node.waiters.highWatermarkMoved(replica.leaderEpoch, highWatermark);
    this.queue.after(0, () => this.#answerParked(node));
  }

  /** C3, by the disks. */
  #checkCommit({ voters, replica, log: own }: GroupNode): void {
    const inSync = new Set(replica?.leadership?.inSync());
    const { current } = voters;
    const disks = current.voters.map((voter): DiskOfVoter => {
      const { directoryId, log } = this.node(voter.nodeId);
      const isThere = directoryId === voter.directoryId;
      return {
        persistedOffset: isThere ? log.promisedOffset : (this.#lost.get(voter.directoryId) ?? 0),
        isWitness: voter.role === 'witness',
        isInSync: inSync.has(voter.nodeId),
      };
    });
    const needed = this.minInsyncReplicas(current.dataVoters.length);
    const end = replica?.highWatermark ?? 0;
    this.invariants.commitRule.committed({
      ...{ end, disks, minInsyncReplicas: needed },
      ...{ leaderEpoch: replica?.leaderEpoch ?? 0, lastEpoch: own.at(end - 1)?.leaderEpoch },
    });
  }

  /** V3, whenever a witness took something. */
  #checkWitness(witness: GroupNode): void {
    for (const node of this.nodes) this.#checkInSync(node, witness);
  }

  /** V3, whenever somebody may have come into the in-sync set. */
  #checkInSync(node: GroupNode, only?: GroupNode): void {
    const leadership = node.replica?.leadership;
    if (leadership === undefined || !node.voters.current.hasWitness) return;
    const inSync = leadership.inSync().flatMap((nodeId) => {
      const other = this.node(nodeId);
      const isThere = node.voters.current.find(other.self) !== undefined && !other.isRotten;
      return isThere ? other : [];
    });
    for (const voter of node.voters.current.voters) {
      const witness = this.node(voter.nodeId);
      if (voter.role !== 'witness' || voter.directoryId !== witness.directoryId) continue;
      if (only !== undefined && only !== witness) continue;
      // A later leader may have offered it more, of an epoch whose leader does not know yet.
      if ((witness.replica?.leaderEpoch ?? 0) > leadership.leaderEpoch) continue;
      const { witnessBehind } = this.invariants;
      const { leaderEpoch } = leadership;
      this.invariants.guard(() => witnessBehind.compare(leaderEpoch, witness.log, inSync));
    }
  }

  /** For people: how each node stands. */
  describe(): string[] {
    return this.nodes.map(({ nodeId, directoryId, role, replica, log, voters, isRotten }) => {
      const lead = replica === undefined ? 'down' : `${replica.leaderEpoch} by ${replica.leaderId}`;
      const place = `[${log.logStartOffset}, ${log.logEndOffset}) @${log.lastEpoch}`;
      const set = `${voters.currentFrom}: ${voters.current.voters.map(show).join(' ')}`;
      const who = `${show({ nodeId, directoryId, role })}${isRotten ? ' rotten' : ''}`;
      return `${who}: epoch ${lead}, log ${place}, voters from ${set}`;
    });
  }

  node(nodeId: number): GroupNode {
    const node = this.nodes[nodeId - 1];
    if (node === undefined) throw new Error(`no node ${nodeId}`);
    return node;
  }

  /** Something happened that this seed is to be known for. */
  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #note(what: string, ...values: readonly (string | number)[]): void {
    const { hash } = this;
    this.count(what);
    let next = Math.imul(hash, 31) + Math.trunc(this.queue.nowMs * 1_000);
    for (const value of values) {
      next = Math.imul(next, 31) + (typeof value === 'number' ? value : value.length);
    }
    this.hash = (next + what.charCodeAt(0)) | 0;
    this.trace?.(`${this.queue.nowMs.toFixed(2)} ${what} ${values.join(' ')}`);
  }
}

const show = ({ nodeId, directoryId, role }: Voter): string =>
  `${nodeId}/${directoryId.slice(20, 23)}${role === 'witness' ? 'w' : ''}`;
