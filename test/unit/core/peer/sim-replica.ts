import type { LogId, MonotonicMs, Offset, Uuid } from '../../../../src/base/brand.ts';
import { leaderEpoch, offset } from '../../../../src/base/brand.ts';
import type { Random } from '../../../../src/ports/random.ts';
import type { Now } from '../../../../src/core/now.ts';
import type { PeerReplica } from '../../../../src/core/peer/peer-replica.ts';
import type { Peers } from '../../../../src/core/peer/peers.ts';
import type { StoredVote } from '../../../../src/core/replica/ballot.ts';
import type { LogStart } from '../../../../src/core/replica/log-start.ts';
import { Replica } from '../../../../src/core/replica/replica.ts';
import type { ReplicaPort } from '../../../../src/core/replica/replica-options.ts';
import {
  VoterHistory,
  type ReplicaId,
  type VoterSet,
} from '../../../../src/core/replica/voter-set.ts';
import type { SimLog } from '../../../sim/sim-log.ts';

/** Bytes of one record of these worlds: offset, leader epoch, payload (-1: LeaderChange). */
const recordBytes = 12;

export interface SimReplicaOptions {
  readonly logId: LogId;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly self: ReplicaId;
  readonly voters: VoterSet;
  readonly log: SimLog;
  readonly vote: StoredVote | undefined;
  readonly random: Random;
  readonly peers: Peers;
  readonly now: () => Now;
  /** Calls back when the disk has done it, in a turn of its own, if the process still lives. */
  readonly disk: (done: () => void) => void;
  readonly voted: (vote: StoredVote) => void;
  readonly committed: (replica: SimReplica) => void;
}

/** A replica in memory whose records are twelve bytes each; only its decisions are real. */
export class SimReplica implements PeerReplica {
  readonly holes = [];
  readonly logId: LogId;
  readonly topic = 'sensors';
  readonly topicId: Uuid;
  readonly partition: number;
  readonly replica: Replica;
  readonly isCutting = false;
  readonly log: SimLog;
  readonly #options: SimReplicaOptions;
  readonly #voters: VoterHistory;
  #isFsyncing = false;
  /** Nothing is fsynced any more. */
  #isDiskFull = false;
  /** What a record counts for that waits for the disk. */
  weightBytes = recordBytes;
  /** Bytes of records that were read for followers. */
  bytesRead = 0;
  /** What it said was committed was compared up to here. */
  checkedTo = 0;

  constructor(options: SimReplicaOptions) {
    this.#options = options;
    this.logId = options.logId;
    this.topicId = options.topicId;
    this.partition = options.partition;
    this.log = options.log;
    const { self, log, vote, random, peers } = options;
    this.#voters = new VoterHistory(options.voters, offset(0));
    this.replica = new Replica({
      ...{ self, log, vote, random, now: this.#now() },
      voters: this.#voters,
      settings: {
        ...{ fetchTimeoutMs: 1_000, replicaLagTimeMaxMs: 1_000 },
        minInsyncReplicas: (data) => (data >= 3 ? 2 : 1),
      },
      heardAt: (nodeId) => peers.heardAt(nodeId),
      port: this.#port(),
    });
  }

  get nodeId(): number {
    return this.#options.self.nodeId;
  }

  get logStartOffset(): Offset {
    return this.log.logStartOffset;
  }

  get logEndOffset(): Offset {
    return this.log.logEndOffset;
  }

  get highWatermark(): Offset {
    return this.replica.highWatermark;
  }

  get waitingBytes(): number {
    return this.replica.isLeader ? 0 : this.log.unsynced * this.weightBytes;
  }

  set isDiskFull(isFull: boolean) {
    this.#isDiskFull = isFull;
    this.#fsync();
  }

  repair(): void {
    throw new Error('nothing rots here');
  }

  startForReset(): LogStart {
    throw new Error('logs of this world begin at 0');
  }

  resetTo(): void {
    throw new Error('logs of this world begin at 0');
  }

  witnessRange(): never {
    throw new Error('there is no witness in this world');
  }

  appendWitnessed(): boolean {
    return false;
  }

  leaderLogStart(): void {
    // Always 0.
  }

  /** A leader's append. @returns false if it does not lead. */
  publish(payload: number): boolean {
    if (!this.replica.isLeader) return false;
    this.log.append({ leaderEpoch: this.replica.leaderEpoch, payload: String(payload) });
    this.#appended();
    return true;
  }

  appendFetched(records: Uint8Array): boolean {
    const view = new DataView(records.buffer, records.byteOffset, records.length);
    for (let at = 0; at < records.length; at += recordBytes) {
      if (view.getUint32(at) !== this.log.logEndOffset) return false;
      const payload = view.getInt32(at + 8);
      this.log.append({
        leaderEpoch: leaderEpoch(view.getUint32(at + 4)),
        payload: payload < 0 ? undefined : String(payload),
      });
    }
    this.#appended();
    return true;
  }

  read(from: number, to: number, bytesMax: number): Uint8Array {
    const end = Math.min(to, from + Math.max(1, Math.floor(bytesMax / recordBytes)));
    const records = this.log.slice(from, end);
    const view = new DataView(new ArrayBuffer(records.length * recordBytes));
    records.forEach((record, i) => {
      view.setUint32(i * recordBytes, from + i);
      view.setUint32(i * recordBytes + 4, record.leaderEpoch);
      view.setInt32(i * recordBytes + 8, Number(record.payload ?? -1));
    });
    this.bytesRead += view.byteLength;
    return new Uint8Array(view.buffer);
  }

  #now(): MonotonicMs {
    return this.#options.now().monotonicMs;
  }

  #changed(): void {
    this.#options.peers.changed(this);
  }

  #appended(): void {
    this.replica.logChanged(this.#now());
    this.#changed();
    this.#fsync();
  }

  /** One fsync in flight for each file; it covers what was written before it began (L4). */
  #fsync(): void {
    const { log } = this;
    if (this.#isFsyncing || this.#isDiskFull || log.unsynced === 0) return;
    this.#isFsyncing = true;
    const { generation, logEndOffset } = log;
    this.#options.disk(() => {
      this.#isFsyncing = false;
      log.fsynced(generation, logEndOffset);
      this.replica.logChanged(this.#now());
      this.#changed();
      this.#fsync();
    });
  }

  #port(): ReplicaPort {
    const { peers, disk, voted, committed } = this.#options;
    return {
      persistVote: (epoch, { directoryId: votedFor }) => {
        const vote = { leaderEpoch: epoch, votedFor };
        disk(() => {
          voted(vote);
          this.replica.votePersisted(vote, this.#now());
        });
      },
      askVote: (nodeId, request) => peers.askVote(this, nodeId, request),
      beginEpoch: (nodeId, begin) => peers.beginEpoch(this, nodeId, begin),
      endEpoch: (nodeId, end) => peers.endEpoch(this, nodeId, end),
      led: (epoch) => {
        this.log.append({ leaderEpoch: epoch, payload: undefined });
        this.#options.disk(() => this.#appended());
      },
      appendVoters: (voters) => {
        this.#voters.appended(voters, this.log.logEndOffset);
        this.log.append({ leaderEpoch: this.replica.leaderEpoch, payload: undefined, voters });
        this.#options.disk(() => this.#appended());
      },
      resigned: () => this.#changed(),
      leaderChanged: () => this.#changed(),
      highWatermarkMoved: () => {
        this.#changed();
        committed(this);
      },
    };
  }
}
