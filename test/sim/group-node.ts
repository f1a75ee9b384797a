import { monotonicMs, uuid, type MonotonicMs, type Uuid } from '../../src/base/brand.ts';
import { Waiters } from '../../src/core/produce/waiters.ts';
import type { StoredVote } from '../../src/core/replica/ballot.ts';
import type { LogStart } from '../../src/core/replica/log-start.ts';
import type { FetchRequest } from '../../src/core/replica/peer-call.ts';
import type { EpochEnd } from '../../src/core/replica/replica-log.ts';
import type { Replica } from '../../src/core/replica/replica.ts';
import { VoterSet, type Voter, type VoterHistory } from '../../src/core/replica/voter-set.ts';
import type { LeaderEpoch } from '../../src/base/brand.ts';
import { newStart, SimLog, type SimRecord } from './sim-log.ts';

/** What a leader answers to a Fetch. */
export interface FetchAnswer {
  readonly leaderEpoch: LeaderEpoch;
  readonly error: string | undefined;
  readonly diverging: EpochEnd | undefined;
  readonly belowStart: LogStart | undefined;
  readonly from: number;
  readonly records: readonly SimRecord[];
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

/** A Fetch that waits at the leader. */
export interface Parked {
  readonly request: FetchRequest;
  readonly answer: (answer: FetchAnswer) => void;
  /** The watermark that the follower was told last. */
  readonly told: number;
}

/** Of one machine. */
export interface NodeClock {
  readonly zeroMs: number;
  readonly rate: number;
}

/** What a node keeps in one directory. */
export interface Disk {
  readonly directoryId: Uuid;
  readonly vote: StoredVote | undefined;
  readonly log: SimLog;
  readonly role: Voter['role'];
}

/** One node of the group: its disk outlives its process, and can be replaced. */
export class GroupNode {
  readonly nodeId: number;
  /** As the partition's creation names them. */
  #firstVoters = new VoterSet([]);
  #disks = 0;
  // On the disk.
  directoryId: Uuid;
  role: Voter['role'];
  log: SimLog;
  vote: StoredVote | undefined;
  // In the process.
  readonly #heard = new Map<number, MonotonicMs>();
  readonly parked = new Map<number, Parked>();
  readonly waiters = new Waiters();
  /** Counts processes: what an older one ordered is nobody's any more. */
  incarnation = 0;
  replica: Replica | undefined;
  voters: VoterHistory;
  isPaused = false;
  /** A clean stop is on its way: it hands over and campaigns no more. */
  isStopping = false;
  isFsyncing = false;
  journalBusyUntilMs = 0;
  stalledUntilMs = 0;
  fetchId = 0;
  toldWatermark = 0;
  readonly #clock: NodeClock;
  readonly #segmentRecords: number;

  constructor(nodeId: number, role: Voter['role'], clock: NodeClock, segmentRecords: number) {
    this.nodeId = nodeId;
    this.role = role;
    this.#clock = clock;
    this.#segmentRecords = segmentRecords;
    this.directoryId = directoryOf(nodeId, 0);
    this.log = this.#newLog();
    this.voters = this.log.history();
  }

  /** What its own clock says: it has its own zero, and runs a little too fast or too slowly. */
  now(atMs: number): MonotonicMs {
    return monotonicMs(this.#clock.zeroMs + atMs * this.#clock.rate);
  }

  /** How long from `atMs` on until its own clock says `deadline`. */
  msUntil(deadline: number, atMs: number): number {
    return Math.max((deadline - this.now(atMs)) / this.#clock.rate, 0);
  }

  hears(nodeId: number, atMs: number): void {
    this.#heard.set(nodeId, this.now(atMs));
  }

  heardAt(nodeId: number): MonotonicMs | undefined {
    return this.#heard.get(nodeId);
  }

  /** The partition is created. */
  create(voters: VoterSet): void {
    this.#firstVoters = voters;
    this.log = this.#newLog();
  }

  get self(): Voter {
    return { nodeId: this.nodeId, directoryId: this.directoryId, role: this.role };
  }

  get isUp(): boolean {
    return this.replica !== undefined;
  }

  /** It lost some of its log and is not back there yet. */
  get isRotten(): boolean {
    return !this.log.isWhole;
  }

  get isVoter(): boolean {
    return this.voters.current.find(this.self) !== undefined;
  }

  /** The disk is another one: nothing that the old one promised is known here. */
  replaceDisk(): void {
    this.directoryId = directoryOf(this.nodeId, ++this.#disks);
    this.vote = undefined;
    this.log = this.#newLog();
  }

  /** Voters records came back that rot took, or others in their place. */
  learnVoters(): void {
    const { sets } = this.log.history();
    for (const [i, { from, set }] of sets.entries()) {
      if (i === 0) this.voters.reset(set, from);
      else this.voters.appended(set, from);
    }
  }

  /** Its disk as it is, to be put back later. */
  takeDisk(): Disk {
    const { directoryId, vote, log, role } = this;
    return { directoryId, vote, log, role };
  }

  /** Another disk is in, with what it had when it was taken out. */
  putDisk({ directoryId, vote, log, role }: Disk): void {
    this.directoryId = directoryId;
    this.vote = vote;
    this.log = log;
    this.role = role;
  }

  #newLog(): SimLog {
    return new SimLog(newStart(this.#firstVoters), this.#segmentRecords);
  }

  /** A process begins. */
  begin(): void {
    this.incarnation++;
    this.#heard.clear();
    this.parked.clear();
    this.waiters.epochEnded();
    this.isFsyncing = false;
    this.isStopping = false;
    this.journalBusyUntilMs = 0;
    this.stalledUntilMs = 0;
    this.toldWatermark = 0;
    this.voters = this.log.history();
  }
}

/** Of the n-th disk of a node. */
export const directoryOf = (nodeId: number, disk: number): Uuid =>
  uuid(`00000000-0000-4000-8${String(disk).padStart(3, '0')}-00000000000${nodeId}`);
