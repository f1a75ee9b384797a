import type { LeaderEpoch, MonotonicMs } from '../../src/base/brand.ts';
import { leaderEpoch, monotonicMs, offset, uuid } from '../../src/base/brand.ts';
import { Prng } from '../../src/base/prng.ts';
import type { StoredVote } from '../../src/core/replica/ballot.ts';
import type { FetchRequest } from '../../src/core/replica/peer-call.ts';
import { Replica } from '../../src/core/replica/replica.ts';
import type { ReplicaPort } from '../../src/core/replica/replica-options.ts';
import type { EpochEnd } from '../../src/core/replica/replica-log.ts';
import { VoterHistory, VoterSet, type Voter } from '../../src/core/replica/voter-set.ts';
import { EventQueue } from './event-queue.ts';
import type { Faults } from './faults.ts';
import { GroupInvariants } from './group-invariants.ts';
import { SimLog, type SimRecord } from './sim-log.ts';

const settings = {
  fetchTimeoutMs: 1_500,
  replicaLagTimeMaxMs: 1_000,
  parkMsMax: 300,
};

/** What a leader answers to a Fetch. */
interface FetchAnswer {
  readonly leaderEpoch: LeaderEpoch;
  readonly error: string | undefined;
  readonly diverging: EpochEnd | undefined;
  readonly from: number;
  readonly records: readonly SimRecord[];
  readonly highWatermark: number;
}

interface Parked {
  readonly request: FetchRequest;
  readonly answer: (answer: FetchAnswer) => void;
  /** The watermark that the follower was told last. */
  readonly told: number;
}

interface Waiter {
  readonly leaderEpoch: number;
  readonly place: number;
  readonly payload: string;
}

/** One node of the group: its disk outlives its process. */
class GroupNode {
  readonly log = new SimLog();
  readonly heard = new Map<number, number>();
  readonly parked = new Map<number, Parked>();
  readonly waiters: Waiter[] = [];
  readonly self: Voter;
  vote: StoredVote | undefined;
  /** Counts processes: what an older one ordered is nobody's any more. */
  incarnation = 0;
  replica: Replica | undefined;
  isPaused = false;
  isFsyncing = false;
  fetchId = 0;
  toldWatermark = 0;
  seenWatermark = 0;

  constructor(self: Voter) {
    this.self = self;
  }

  get isUp(): boolean {
    return this.replica !== undefined;
  }
}

/**
 * One replicated partition on several nodes in one thread: a network that delays, loses and
 * doubles, disks that forget what was not fsynced, processes that die and pause. Only the replicas'
 * decisions are real.
 */
export class GroupWorld {
  readonly queue = new EventQueue();
  readonly invariants = new GroupInvariants();
  readonly nodes: readonly GroupNode[];
  readonly #random: Prng;
  readonly #faults: Faults;
  readonly #cuts = new Set<string>();
  #published = 0;
  /** Folded from every event that matters: the same seed gives the same (DESIGN 9). */
  hash = 0;

  constructor(seed: number, roles: readonly Voter['role'][], faults: Faults) {
    this.#random = new Prng(seed);
    this.#faults = faults;
    this.nodes = roles.map((role, i) => {
      const directoryId = uuid(`00000000-0000-4000-8000-00000000000${i + 1}`);
      return new GroupNode({ nodeId: i + 1, directoryId, role });
    });
    for (const node of this.nodes) this.start(node);
  }

  get random(): Prng {
    return this.#random;
  }

  get now(): MonotonicMs {
    return monotonicMs(this.queue.nowMs);
  }

  get leaders(): readonly GroupNode[] {
    return this.nodes.filter((node) => node.replica?.isLeader === true && !node.isPaused);
  }

  start(node: GroupNode): void {
    const voters = new VoterHistory(new VoterSet(this.nodes.map(({ self }) => self)), offset(0));
    node.incarnation++;
    node.heard.clear();
    node.parked.clear();
    node.waiters.length = 0;
    node.isFsyncing = false;
    node.seenWatermark = 0;
    node.toldWatermark = 0;
    node.replica = new Replica({
      self: node.self,
      log: node.log,
      voters,
      vote: node.vote,
      settings: {
        ...settings,
        minInsyncReplicas: (data) => (data >= 3 ? 2 : 1),
      },
      random: { next: () => this.#random.next(), uuid: () => node.self.directoryId },
      heardAt: (nodeId) => {
        const at = node.heard.get(nodeId);
        return at === undefined ? undefined : monotonicMs(at);
      },
      port: this.#portOf(node),
      now: this.now,
    });
    this.#wake(node);
  }

  crash(node: GroupNode): void {
    if (!node.isUp) return;
    this.#note('crash', node.self.nodeId);
    node.replica = undefined;
    node.incarnation++;
    node.isPaused = false;
    node.log.crash(this.#random.below(node.log.unsynced + 1));
    // Its sockets are reset; who hears of it knows that nobody listens there.
    for (const other of this.nodes) {
      this.#send(node, other, () => other.replica?.nodeRefused(node.self.nodeId, this.now), true);
    }
  }

  #dieSoon(node: GroupNode): void {
    const { incarnation } = node;
    this.queue.after(this.#random.next() * 10, () => {
      if (node.incarnation === incarnation) this.crash(node);
    });
    this.queue.after(20 + this.#random.next() * 1_000, () => {
      if (!node.isUp) this.start(node);
    });
  }

  pause(node: GroupNode): void {
    node.isPaused = true;
  }

  resume(node: GroupNode): void {
    node.isPaused = false;
    this.#wake(node);
  }

  /** One way. */
  cut(from: number, to: number): void {
    this.#cuts.add(`${from}>${to}`);
  }

  healLinks(): void {
    this.#cuts.clear();
  }

  /** A client gives a record to whoever believes to lead. */
  publish(node: GroupNode): void {
    const { replica, log } = node;
    if (replica?.isLeader !== true || node.isPaused) return;
    const payload = `p${this.#published++}`;
    const place = log.logEndOffset;
    log.append({ leaderEpoch: replica.leaderEpoch, payload });
    node.waiters.push({ leaderEpoch: replica.leaderEpoch, place, payload });
    this.#appended(node);
  }

  runUntil(endMs: number): void {
    this.queue.runUntil(endMs);
  }

  #portOf(node: GroupNode): ReplicaPort {
    const { incarnation } = node;
    const { nodeId } = node.self;
    const alive = (): Replica | undefined =>
      node.incarnation === incarnation ? node.replica : undefined;
    return {
      persistVote: (epoch, votedFor) => {
        const vote = { leaderEpoch: epoch, votedFor: votedFor.directoryId };
        if (this.#faults.diesVoting(this.#random)) this.#dieSoon(node);
        this.queue.after(this.#faults.fsyncMs(this.#random), () => {
          if (node.incarnation !== incarnation) return;
          node.vote = vote;
          this.#whenRunning(node, () => alive()?.votePersisted(vote, this.now));
        });
      },
      askVote: (to, request) => {
        const other = this.#node(to);
        this.#send(node, other, () =>
          other.replica?.voteRequested(request, this.now, (answer) =>
            this.#send(other, node, () => alive()?.voteAnswered(answer, this.now)),
          ),
        );
      },
      beginEpoch: (to, begin) => {
        const other = this.#node(to);
        this.#send(node, other, () => other.replica?.epochBegun(begin, this.now));
      },
      endEpoch: (to, end) => {
        const other = this.#node(to);
        this.#send(node, other, () => other.replica?.epochEnded(end, this.now));
      },
      led: (epoch) => {
        this.#note('led', nodeId, epoch);
        this.invariants.led(epoch, nodeId);
        node.log.append({ leaderEpoch: leaderEpoch(epoch), payload: undefined });
        this.queue.after(0, () => alive() && this.#appended(node));
      },
      resigned: () => {
        node.waiters.length = 0;
        node.parked.clear();
      },
      leaderChanged: () => {
        node.toldWatermark = 0;
        this.queue.after(0, () => alive() && this.#fetch(node));
      },
      highWatermarkMoved: () => this.#watermarkMoved(node),
    };
  }

  /** Something reaches a node's process: not while it is down, later while it is paused. */
  #whenRunning(node: GroupNode, run: () => void): void {
    const { incarnation } = node;
    if (!node.isUp) return;
    if (node.isPaused) return this.queue.after(50, () => this.#whenRunning(node, run));
    if (node.incarnation !== incarnation) return;
    run();
    this.#wake(node);
  }

  #send(from: GroupNode, to: GroupNode, deliver: () => void, isReset = false): void {
    const { incarnation } = to;
    if (this.#cuts.has(`${from.self.nodeId}>${to.self.nodeId}`)) return;
    if (this.#faults.loses(this.#random) && !isReset) return;
    const copies = this.#faults.doubles(this.#random) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      this.queue.after(this.#faults.delayMs(this.#random), () => {
        if (!to.isUp) {
          if (!isReset) this.#refuse(from, to.self.nodeId);
          return;
        }
        // A connection belongs to one process of each side.
        if (to.incarnation !== incarnation) return;
        this.#whenRunning(to, () => {
          if (!isReset) this.#hear(to, from.self.nodeId);
          deliver();
        });
      });
    }
  }

  #hear(node: GroupNode, from: number): void {
    node.heard.set(from, this.queue.nowMs);
  }

  #refuse(node: GroupNode, refusing: number): void {
    this.#whenRunning(node, () => node.replica?.nodeRefused(refusing, this.now));
  }

  /** Timers: a tick at the next deadline, and a look each 100 ms, since deadlines move. */
  #wake(node: GroupNode): void {
    const deadline = node.replica?.nextDeadline();
    if (deadline === undefined) return;
    const { incarnation } = node;
    const delayMs = Math.min(Math.max(deadline - this.queue.nowMs, 0), 100);
    if (node.isPaused || this.#waking.has(node)) return;
    this.#waking.add(node);
    this.queue.after(delayMs, () => {
      this.#waking.delete(node);
      if (node.incarnation !== incarnation || node.isPaused) return this.#wake(node);
      const due = node.replica?.nextDeadline();
      if (due !== undefined && due <= this.queue.nowMs) node.replica?.tick(this.now);
      this.#wake(node);
    });
  }
  readonly #waking = new Set<GroupNode>();

  #appended(node: GroupNode): void {
    node.replica?.logChanged(this.now);
    this.#fsync(node);
    this.#answerParked(node);
  }

  /** One fsync in flight for each file; it covers what was written before it began (L4). */
  #fsync(node: GroupNode): void {
    const { log, incarnation } = node;
    if (node.isFsyncing || log.unsynced === 0) return;
    node.isFsyncing = true;
    const { generation, logEndOffset } = log;
    this.queue.after(this.#faults.fsyncMs(this.#random), () => {
      if (node.incarnation !== incarnation) return;
      node.isFsyncing = false;
      log.fsynced(generation, logEndOffset);
      this.#whenRunning(node, () => {
        node.replica?.logChanged(this.now);
        this.#answerParked(node);
        this.#fetch(node);
      });
      this.#fsync(node);
    });
  }

  /** A new Fetch, whatever the last one does: the leader answers the parked one for it (T1). */
  #fetch(node: GroupNode): void {
    const request = node.replica?.fetchRequest();
    const leaderId = node.replica?.leaderId;
    if (request === undefined || leaderId === undefined) return;
    const { incarnation } = node;
    const fetchId = ++node.fetchId;
    const leader = this.#node(leaderId);
    const told = node.toldWatermark;
    this.#send(node, leader, () =>
      this.#serve(leader, request, told, (answer) =>
        this.#send(leader, node, () => {
          if (node.incarnation === incarnation) this.#fetched(node, fetchId, request, answer);
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
    const verdict = replica.fetched(request, this.now);
    switch (verdict.type) {
      case 'refused':
        return answer({ ...this.#empty(node), error: verdict.error });
      case 'belowStart':
        throw new Error('logs of this world begin at 0');
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
      leaderEpoch: node.replica?.leaderEpoch ?? leaderEpoch(0),
      error: undefined,
      diverging: undefined,
      from: 0,
      records: [],
      highWatermark: node.replica?.highWatermark ?? 0,
    };
  }

  #fetched(node: GroupNode, fetchId: number, request: FetchRequest, answer: FetchAnswer): void {
    const { replica, log } = node;
    if (replica === undefined) return;
    const { error } = answer;
    if (error !== undefined || answer.leaderEpoch !== request.leaderEpoch) {
      if (error === 'NOT_LEADER_OR_FOLLOWER') replica.leaderDenied(answer.leaderEpoch, this.now);
      return replica.leaderTold(answer.leaderEpoch, undefined, this.now);
    }
    const isCurrent = replica.leaderEpoch === answer.leaderEpoch && !replica.isLeader;
    if (!isCurrent || fetchId !== node.fetchId) return;
    if (answer.diverging !== undefined) this.#diverged(node, answer.leaderEpoch, answer.diverging);
    else if (answer.records.length > 0 && answer.from === log.logEndOffset) {
      const isWitness = node.self.role === 'witness';
      for (const record of answer.records) {
        log.append(isWitness ? { ...record, payload: undefined } : record);
      }
      if (isWitness) this.#checkWitness(node);
      this.#fsync(node);
    }
    replica.leaderHighWatermark(answer.leaderEpoch, offset(answer.highWatermark));
    node.toldWatermark = answer.highWatermark;
    this.#fetch(node);
  }

  #diverged(node: GroupNode, epoch: LeaderEpoch, end: EpochEnd): void {
    if (node.replica?.diverged(epoch, end) !== false) return;
    throw new Error(`node ${node.self.nodeId} is told to cut what is committed`);
  }

  #watermarkMoved(node: GroupNode): void {
    const { replica, log, self } = node;
    if (replica === undefined) return;
    const { highWatermark } = replica;
    const isWitness = self.role === 'witness';
    this.#note('watermark', self.nodeId, highWatermark);
    this.invariants.watermark(self.nodeId, log, node.seenWatermark, highWatermark, isWitness);
    node.seenWatermark = highWatermark;
    while (node.waiters[0] !== undefined && node.waiters[0].place < highWatermark) {
      const { leaderEpoch: epoch, payload, place } = node.waiters[0];
      node.waiters.shift();
      // C5: only a watermark of the epoch in which it was appended.
      if (replica.isLeader && replica.leaderEpoch === epoch) {
        this.invariants.acknowledge(payload, place);
      }
    }
    this.queue.after(0, () => this.#answerParked(node));
  }

  /** V3, whenever a witness took something. */
  #checkWitness(witness: GroupNode): void {
    for (const { replica } of this.nodes) {
      const leadership = replica?.leadership;
      if (leadership === undefined) continue;
      const inSync = leadership.inSync().map((nodeId) => this.#node(nodeId));
      this.invariants.witnessBehind(
        leadership.leaderEpoch,
        witness.log,
        inSync.map(({ self, log }) => ({ nodeId: self.nodeId, log })),
      );
    }
  }

  #node(nodeId: number): GroupNode {
    const node = this.nodes[nodeId - 1];
    if (node === undefined) throw new Error(`no node ${nodeId}`);
    return node;
  }

  #note(...what: readonly (string | number)[]): void {
    for (const character of `${this.queue.nowMs} ${what.join(' ')}`) {
      this.hash = (Math.imul(this.hash, 31) + character.charCodeAt(0)) | 0;
    }
  }
}
