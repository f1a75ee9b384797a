import { assert } from '../base/assert.ts';
import {
  type LeaderEpoch,
  type LogGeneration,
  type LogId,
  type MonotonicMs,
  type Offset,
  type Uuid,
} from '../base/brand.ts';
import type { RecoveredLog } from '../ports/recovered-log.ts';
import type { Random } from '../ports/random.ts';
import { buildLeaderChangeBatch } from '../wire/kafka/control-record.ts';
import {
  readRecordBatchHeader,
  type RecordBatchHeader,
} from '../wire/kafka/record-batch-header.ts';
import type { Effect, VoteRecord } from './effect.ts';
import type { PartitionView, ProduceOutcome } from './kafka/broker-view.ts';
import { LogState, producerBatch } from './log-state.ts';
import type { LogFollower } from './log-follower.ts';
import type { Now } from './now.ts';
import { Waiters } from './produce/waiters.ts';
import type { StoredVote } from './replica/ballot.ts';
import type { EpochEnd } from './replica/replica-log.ts';
import { Replica } from './replica/replica.ts';
import type { ReplicaPort, ReplicaSettings } from './replica/replica-options.ts';
import { VoterHistory, type ReplicaId, type VoterSet } from './replica/voter-set.ts';

/** What a partition orders of its node, and tells it. */
export interface PartitionPort {
  readonly emit: (effect: Effect) => void;
  /** Gathered: the votes of a step become durable together. */
  readonly persistVote: (vote: VoteRecord) => void;
  readonly heardAt: (nodeId: number) => MonotonicMs | undefined;
  /** Parked fetches, views and status care. */
  readonly highWatermarkMoved: (partition: Partition) => void;
}

export interface PartitionOptions {
  readonly self: ReplicaId;
  readonly segmentBytesMax: number;
  readonly settings: ReplicaSettings;
  readonly random: Random;
  /** The time of the step that is running. */
  readonly now: () => Now;
  readonly port: PartitionPort;
}

/**
 * One partition on this node: its log, its replica's role, its idempotence, and who waits for
 * commits.
 *
 * Life: recovered -> begun (its topic is committed, C7) -> elected (vote persisted, C1) ->
 * LeaderChange appended -> committed -> open for all.
 */
export class Partition implements PartitionView {
  readonly logId: LogId;
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly #options: PartitionOptions;
  readonly #log: LogState;
  readonly #waiters = new Waiters();
  #replica: Replica | undefined;
  #follower: LogFollower | undefined;

  constructor(logId: LogId, recovered: RecoveredLog, options: PartitionOptions) {
    this.logId = logId;
    this.topic = recovered.topic;
    this.topicId = recovered.topicId;
    this.partition = recovered.partition;
    this.#options = options;
    const { segmentBytesMax, port } = options;
    this.#log = new LogState(recovered, {
      ...{ logId, segmentBytesMax, emit: port.emit },
      appended: (...appended) => this.#follower?.appended(...appended),
    });
  }

  /** Undefined until it has begun. */
  get replica(): Replica | undefined {
    return this.#replica;
  }

  get isLeader(): boolean {
    return this.#replica?.isLeader === true;
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#replica?.leaderEpoch ?? this.#log.lastEpoch;
  }

  get isEpochCommitted(): boolean {
    return this.#replica?.leadership?.isEpochCommitted === true;
  }

  get generation(): LogGeneration {
    return this.#log.generation;
  }

  get logStartOffset(): Offset {
    return this.#log.logStartOffset;
  }

  get logEndOffset(): Offset {
    return this.#log.logEndOffset;
  }

  /** Unknown at first, so nothing is readable: until an epoch commits (C2, C6). */
  get highWatermark(): Offset {
    const { logStartOffset } = this.#log;
    const known = this.#replica?.highWatermark ?? logStartOffset;
    return known < logStartOffset ? logStartOffset : known;
  }

  /** Nothing of this log waits for the disk. */
  get isAllPersisted(): boolean {
    return this.#log.persistedOffset === this.#log.logEndOffset;
  }

  endOffsetOf(epoch: LeaderEpoch): EpochEnd | undefined {
    return this.#log.endOffsetOf(epoch);
  }

  /** An internal topic is told of what its log takes. */
  followBy(follower: LogFollower): void {
    this.#follower = follower;
  }

  /** Takes part from now on. @param vote as the journal has it. */
  begin(voters: VoterSet, vote: StoredVote | undefined): void {
    assert(this.#replica === undefined, 'a partition begins once');
    const { self, settings, random, port } = this.#options;
    const now = this.#nowMs();
    this.#replica = new Replica({
      ...{ self, settings, random, vote, now },
      log: this.#log,
      voters: new VoterHistory(voters, this.#log.logStartOffset),
      heardAt: port.heardAt,
      port: this.#replicaPort(),
    });
    this.#replica.tick(now);
  }

  votePersisted(vote: StoredVote): void {
    this.#replica?.votePersisted(vote, this.#nowMs());
  }

  nextDeadline(): number | undefined {
    return this.#replica?.nextDeadline();
  }

  tick(): void {
    this.#replica?.tick(this.#nowMs());
  }

  /**
   * The only way in for records: idempotence first (P1, P2), then the append; `done` when it is
   * committed (C5). The batch is this partition's from here on: offset and epoch are stamped into
   * it.
   */
  produce(batch: Uint8Array, done: (outcome: ProduceOutcome) => void): void {
    if (!this.isLeader) return done(notLeader);
    const header = headerOf(batch);
    const claim = producerBatch(header, this.#log.logEndOffset);
    const { producers } = this.#log;
    const verdict = header.producerId < 0n ? undefined : producers.check(claim);
    switch (verdict?.type) {
      case 'error':
        return done({ ok: false, error: verdict.error });
      case 'duplicate':
        return this.#whenCommitted(done, () => this.#stored(verdict.baseOffset));
      case 'forgottenDuplicate':
        return this.#whenCommitted(done, () => forgotten);
      default: {
        const baseOffset = this.#log.append(batch, header, this.leaderEpoch);
        if (header.producerId >= 0n) producers.appended(claim);
        return this.#whenCommitted(done, () => this.#stored(baseOffset));
      }
    }
  }

  /**
   * A record under an MQTT session's triple (P5). Sessions begin at sequence 0, so an unknown
   * producer with a later one means that its state was lost with rotten bytes: 45, and the session
   * begins anew (L6).
   */
  produceOfSession(batch: Uint8Array, done: (outcome: ProduceOutcome) => void): void {
    const { producerId, baseSequence } = headerOf(batch);
    if (baseSequence !== 0 && !this.#log.producers.knows(producerId)) {
      return done({ ok: false, error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
    }
    this.produce(batch, done);
  }

  /**
   * Forgets producers that were idle for `limits.producerIdleMs`, but none that `isPinned` names
   * (P5).
   */
  expireProducers(now: Now, isPinned: (producerId: bigint) => boolean): void {
    this.#log.producers.expire(now.monotonicMs, isPinned);
  }

  /** An event of the disk; one of an older generation speaks of bytes that are gone (L4). */
  persisted(generation: LogGeneration, endOffset: Offset): void {
    if (this.#log.persisted(generation, endOffset)) this.#replica?.logChanged(this.#nowMs());
  }

  logStartAdvanced(to: Offset): void {
    this.#log.logStartAdvanced(to);
  }

  /**
   * Seals the active segment now, so that all before the log end can go by whole segments.
   * @returns false if nothing was appended since it was last sealed.
   */
  roll(): boolean {
    return this.#log.roll();
  }

  producerSnapshot(): Uint8Array {
    return this.#log.producerSnapshot();
  }

  #replicaPort(): ReplicaPort {
    return {
      persistVote: (epoch, { directoryId: votedFor }) => {
        const { topicId, partition } = this;
        this.#options.port.persistVote({ topicId, partition, leaderEpoch: epoch, votedFor });
      },
      askVote: noPeers,
      beginEpoch: noPeers,
      endEpoch: noPeers,
      led: (epoch, grantedBy) => this.#led(epoch, grantedBy),
      resigned: () => this.#waiters.epochEnded(),
      appendVoters: noPeers,
      leaderChanged: () => undefined,
      highWatermarkMoved: () => this.#highWatermarkMoved(),
    };
  }

  /** C1: the vote is durable; the epoch's first batch is its LeaderChange. */
  #led(epoch: LeaderEpoch, grantedBy: readonly ReplicaId[]): void {
    const ids = grantedBy.map(({ nodeId }) => nodeId);
    const { self, now } = this.#options;
    const batch = buildLeaderChangeBatch(
      { leaderId: self.nodeId, voters: ids, grantingVoters: ids },
      { baseOffset: this.#log.logEndOffset, leaderEpoch: epoch, timestamp: now().wallMs },
    );
    this.#log.append(batch, headerOf(batch), epoch);
  }

  #highWatermarkMoved(): void {
    this.#releaseWaiters();
    this.#options.port.highWatermarkMoved(this);
  }

  /** C5: only what this node committed as leader of the epoch. */
  #releaseWaiters(): void {
    if (this.isLeader) this.#waiters.highWatermarkMoved(this.leaderEpoch, this.highWatermark);
  }

  /** All that the log holds now: a duplicate too waits for the present end (P2). */
  #whenCommitted(done: (outcome: ProduceOutcome) => void, stored: () => ProduceOutcome): void {
    this.#waiters.add({
      leaderEpoch: this.leaderEpoch,
      endOffset: this.#log.logEndOffset,
      settled: (isCommitted) => done(isCommitted ? stored() : notLeader),
    });
    // Everything may be committed already: a duplicate of an old batch.
    if (this.highWatermark >= this.#log.logEndOffset) this.#releaseWaiters();
  }

  #stored(baseOffset: Offset): ProduceOutcome {
    return { ok: true, baseOffset, logStartOffset: this.logStartOffset };
  }

  #nowMs(): MonotonicMs {
    return this.#options.now().monotonicMs;
  }
}

const notLeader: ProduceOutcome = { ok: false, error: 'NOT_LEADER_OR_FOLLOWER' };
const forgotten: ProduceOutcome = { ok: false, error: 'DUPLICATE_SEQUENCE_NUMBER' };

const noPeers = (): void => assert(false, 'a lone voter has no peers');

function headerOf(batch: Uint8Array): RecordBatchHeader {
  const header = readRecordBatchHeader(batch);
  assert(header.ok && header.value.totalBytes === batch.length, 'one whole, checked batch');
  return header.value;
}
