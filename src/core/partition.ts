import { limits } from '../base/limits.ts';
import { isInternalTopicName } from '../base/topic-name.ts';
import { assert, present } from '../base/assert.ts';
import {
  leaderEpoch as toEpoch,
  offset,
  type LeaderEpoch,
  type LogGeneration,
  type LogId,
  type MonotonicMs,
  type Offset,
  type Uuid,
} from '../base/brand.ts';
import type { OffsetRange, RecoveredLog } from '../ports/recovered-log.ts';
import type { ControlBatchPlace } from '../wire/kafka/control-record.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import type { PartitionView, ProduceOutcome } from './kafka/broker-view.ts';
import { LogState, producerBatch } from './log-state.ts';
import { fetchedBatches } from './fetched-batches.ts';
import type { LogFollower } from './log-follower.ts';
import {
  batchOfVoters,
  idsOf,
  isLoneVoter,
  learnVoters,
  leaderChangeBatch,
  recoveredVoters,
  votersOfBatch,
} from './partition-voters.ts';
import type { PartitionOptions } from './partition-options.ts';
import { ReplicaPlace } from './replica-place.ts';
import { produceRefusals } from './produce/produce-refusals.ts';
import { wholeBatchHeader } from './whole-batch-header.ts';
import type { WitnessRange } from './witness-range.ts';
import { Waiters } from './produce/waiters.ts';
import type { StoredVote } from './replica/ballot.ts';
import type { PeerReplica } from './peer/peer-replica.ts';
import type { LogStart } from './replica/log-start.ts';
import { Replica } from './replica/replica.ts';
import type { ReplicaPort } from './replica/replica-options.ts';
import { hasOtherOfTwo } from './replica/other-of-two.ts';
import type { ReplicaId, VoterHistory, VoterSet } from './replica/voter-set.ts';

/**
 * One partition on this node: its log, its replica's role, its idempotence, and who waits for
 * commits.
 *
 * Life: recovered -> begun (its topic is committed, C7) -> elected (vote persisted, C1) ->
 * LeaderChange appended -> committed -> open for all.
 */
export class Partition extends ReplicaPlace implements PartitionView, PeerReplica {
  readonly logId: LogId;
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly #options: PartitionOptions;
  readonly #recovered: RecoveredLog;
  readonly #waiters = new Waiters();
  #voters: VoterHistory | undefined;
  #follower: LogFollower | undefined;
  #refusesRecords = false;
  /** Some of its log is missing, and there was nobody to lead it (V4). */
  #handOverAtMs: number | undefined;
  /** What the log start was ordered to be. */
  #advancedTo: Offset = offset(0);

  constructor(logId: LogId, recovered: RecoveredLog, options: PartitionOptions) {
    const { segmentBytesMax, onceHad, port } = options;
    super(
      new LogState(recovered, {
        ...{ logId, segmentBytesMax, onceHad, emit: port.emit },
        appended: (...appended) => this.#follower?.appended(...appended),
        truncated: (to) => this.#follower?.truncated(to),
        reset: (to) => this.#follower?.reset(to),
      }),
    );
    this.logId = logId;
    this.topic = recovered.topic;
    this.topicId = recovered.topicId;
    this.partition = recovered.partition;
    this.#options = options;
    this.#recovered = recovered;
  }

  get replicaIds(): readonly number[] {
    return idsOf(this.#voters?.current.dataVoters ?? []);
  }

  get inSyncIds(): readonly number[] {
    return this.begun?.leadership?.inSync() ?? this.replicaIds;
  }

  get voters(): VoterSet | undefined {
    return this.#voters?.current;
  }

  /** The log start, or what it was ordered to be: below it the log may be gone already. */
  get readableFrom(): Offset {
    return offset(Math.max(this.log.logStartOffset, this.#advancedTo));
  }

  /** An internal topic is told of what its log takes. */
  followBy(follower: LogFollower): void {
    this.#follower = follower;
  }

  /**
   * Takes part from now on.
   * @param first who voted when the log was made, where the journal does not say.
   * @param vote as the journal has it.
   */
  begin(first: VoterSet, vote: StoredVote | undefined): void {
    assert(this.begun === undefined, 'a partition begins once');
    const voters = recoveredVoters(this.#recovered, first);
    if (isLoneVoter(this.#options.self, voters)) this.log.acceptHoles();
    const { self, role, settings, random, stepShare, port } = this.#options;
    const now = this.#nowMs();
    this.#voters = voters;
    this.begun = new Replica({
      ...{ self, role, settings, random, stepShare, vote, now, voters },
      log: this.log,
      heardAt: port.heardAt,
      isStopping: port.isStopping,
      port: this.#replicaPort(),
    });
    this.begun.tick(now);
    port.changed();
  }

  votePersisted(vote: StoredVote): void {
    this.begun?.votePersisted(vote, this.#nowMs());
  }

  /** While it still leads: another voter is about to, and shall have all before. */
  refuseRecords(): void {
    this.#refusesRecords = this.isLeader;
  }

  /** V5: it goes on alone, without what rot took here (L6). @returns false if it has no vote. */
  promote(epochMin: LeaderEpoch, as?: ReplicaId): boolean {
    this.#acceptHoles();
    return this.replica.forceVoters(this.#nowMs(), epochMin, as);
  }

  nextDeadline(): number | undefined {
    const next = this.begun?.nextDeadline();
    const due = this.#handOverAtMs;
    return next === undefined || (due !== undefined && due < next) ? due : next;
  }

  tick(): void {
    this.begun?.tick(this.#nowMs());
    this.#handOverIfRotten();
  }

  /**
   * A lone voter goes on with its holes (L6); any other copy has them fetched again, and leads
   * meanwhile only if nobody else can.
   */
  rotFound(generation: LogGeneration, ranges: readonly OffsetRange[]): void {
    if (isLoneVoter(this.#options.self, this.#voters)) return;
    this.log.rotFound(generation, ranges);
    this.#handOverIfRotten();
    this.#options.port.changed();
  }

  startForReset(): LogStart {
    const { logStartOffset, epochBeforeStart: epochBefore } = this.log;
    const voters = present(this.#voters, 'a leader has voters').at(logStartOffset);
    return { logStartOffset, epochBefore, voters };
  }

  appendFetched(records: Uint8Array): boolean {
    const { logEndOffset, lastEpoch } = this.log;
    const { leaderEpoch } = this;
    const { batches, isSound } = fetchedBatches(records, { logEndOffset, lastEpoch, leaderEpoch });
    for (const { batch, header } of batches) {
      this.log.appendFetched(batch, header);
      if (header.isControl) this.#followVoters(batch, header);
    }
    if (batches.length > 0) this.#options.port.changed();
    return isSound;
  }

  witnessRange(from: Offset, to: Offset): WitnessRange {
    return this.log.witnessRange(present(this.#voters, 'a leader has voters'), from, to);
  }

  /** It keeps records. */
  appendWitnessed(): boolean {
    return false;
  }

  /**
   * Only the leader decides what goes (L10); nothing goes that is not known to be committed. Of a
   * topic that was rewritten nothing goes before all of the rewrite is known to be: what is left
   * would lack keys, and any point but the leader's own would begin among changes of keys that came
   * before.
   */
  leaderLogStart(told: Offset, committed: Offset): void {
    const { highWatermark } = this;
    const isKnown = this.isCurrent && highWatermark >= committed;
    if (isInternalTopicName(this.topic) && !isKnown) return;
    const to = Math.min(told, highWatermark);
    if (to <= this.#advancedTo || this.isCutting) return;
    this.#advancedTo = offset(to);
    this.#options.port.emit({ type: 'AdvanceLogStart', logId: this.logId, offset: offset(to) });
  }

  resetTo(start: LogStart): void {
    this.log.resetTo(start);
  }

  /** Nobody wants it here: its records go, and who votes without this node is kept (V1). */
  discard(onceHad: Offset): void {
    const voters = present(this.#voters, 'it has begun').current;
    this.replica.withdraw();
    this.log.resetTo({ logStartOffset: offset(0), epochBefore: toEpoch(0), voters }, onceHad);
  }

  /** The answer to TruncateLog, ResetLog and RepairLog. */
  wasCut(generation: LogGeneration, recovered: RecoveredLog): void {
    this.log.wasCut(generation, recovered);
    if (generation === this.generation && this.#voters) learnVoters(this.#voters, recovered);
    this.#follower?.reloaded();
    this.#options.port.changed();
  }

  /**
   * The only way in for records: idempotence first (P1, P2), then the append; `done` when it is
   * committed (C5). The batch is this partition's from here on: offset and epoch are stamped into
   * it. A deposed leader would deny what its successor has, and clients give up for good then, or
   * send it anew: "it is not here" waits for a commit, too.
   */
  produce(batch: Uint8Array, done: (outcome: ProduceOutcome) => void): void {
    if (!this.isLeader || this.isCutting || this.#refusesRecords) {
      return done(produceRefusals.notLeader);
    }
    if (this.isShortOfReplicas) return done(produceRefusals.notEnoughReplicas);
    const header = wholeBatchHeader(batch);
    const claim = producerBatch(header, this.log.logEndOffset);
    const { producers } = this.log;
    const verdict = header.producerId < 0n ? undefined : producers.check(claim);
    switch (verdict?.type) {
      case 'error':
        return this.#whenConfirmed(done, { ok: false, error: verdict.error });
      case 'duplicate':
        return this.#whenCommitted(done, () => this.#stored(verdict.baseOffset));
      case 'forgottenDuplicate':
        return this.#whenCommitted(done, () => produceRefusals.forgotten);
      default: {
        const baseOffset = this.log.append(batch, header, this.leaderEpoch);
        if (header.producerId >= 0n) producers.appended(claim);
        this.#options.port.changed();
        return this.#whenCommitted(done, () => this.#stored(baseOffset));
      }
    }
  }

  /**
   * A batch of a queue whose owner has it stored anew when it is not here: an MQTT session's (P5),
   * or another node's. Both begin at sequence 0: an unknown one with a later sequence lost its
   * state to rot (L6).
   */
  produceOfSession(batch: Uint8Array, done: (outcome: ProduceOutcome) => void): void {
    const { producerId, baseSequence } = wholeBatchHeader(batch);
    const isKnown = baseSequence === 0 || this.log.producers.knows(producerId);
    if (!isKnown && this.isLeader) return this.#whenConfirmed(done, produceRefusals.outOfOrder);
    return this.produce(batch, done);
  }

  /** An event of the disk; one of an older generation speaks of bytes that are gone (L4). */
  persisted(generation: LogGeneration, endOffset: Offset): void {
    if (!this.log.persisted(generation, endOffset)) return;
    this.begun?.logChanged(this.#nowMs());
    this.#options.port.changed();
  }

  #replicaPort(): ReplicaPort {
    const { peers, leaderChanged } = this.#options.port;
    return {
      persistVote: (epoch, { directoryId: votedFor }) => {
        const { topicId, partition } = this;
        this.#options.port.persistVote({ topicId, partition, leaderEpoch: epoch, votedFor });
      },
      askVote: (nodeId, request) => peers.askVote(nodeId, request),
      beginEpoch: (nodeId, begin) => peers.beginEpoch(nodeId, begin),
      endEpoch: (nodeId, end) => peers.endEpoch(nodeId, end),
      led: (_, grantedBy) => this.#led(grantedBy),
      resigned: () => {
        this.#refusesRecords = false;
        this.#waiters.epochEnded();
      },
      appendVoters: (voters) => this.#appendVoters(voters),
      leaderChanged: () => leaderChanged(),
      highWatermarkMoved: () => this.#highWatermarkMoved(),
    };
  }

  /** C1: the vote is durable; the epoch's first batch is its LeaderChange. */
  #led(grantedBy: readonly ReplicaId[]): void {
    const { self } = this.#options;
    const voters = this.#voters?.current.voters ?? [];
    this.#appendControl((place) => leaderChangeBatch({ self, voters, grantedBy }, place));
  }

  /** V1: in force from here on. */
  #appendVoters(voters: VoterSet): void {
    const at = this.#appendControl((place) => batchOfVoters(voters, place));
    this.#voters?.appended(voters, at);
    // Nobody else votes any more: nothing would be committed until a start takes it for alone (L6).
    if (isLoneVoter(this.#options.self, this.#voters)) this.#acceptHoles();
  }

  #acceptHoles(): void {
    const isWaitedFor = this.holes.length > 0;
    this.log.acceptHoles();
    // A follower that waits for nothing may be in the midst of what told of this.
    if (isWaitedFor) this.#follower?.reloaded();
  }

  #appendControl(build: (place: ControlBatchPlace) => Uint8Array): Offset {
    const { now, port } = this.#options;
    const { leaderEpoch } = this;
    const baseOffset = this.log.logEndOffset;
    const batch = build({ baseOffset, leaderEpoch, timestamp: now().wallMs });
    this.log.append(batch, wholeBatchHeader(batch), leaderEpoch);
    port.changed();
    return baseOffset;
  }

  #followVoters(batch: Uint8Array, header: RecordBatchHeader): void {
    const voters = votersOfBatch(batch, header);
    if (voters !== undefined) this.#voters?.appended(voters, header.baseOffset);
  }

  /**
   * It has no vote for its successor until it is whole again (V4): the others must do, but the
   * other one of two, which has all that is committed.
   */
  #handOverIfRotten(): void {
    this.#handOverAtMs = undefined;
    const { log } = this;
    const leadership = log.isWhole ? undefined : this.begun?.leadership;
    if (leadership === undefined) return;
    const now = this.#nowMs();
    const voters = present(this.#voters, 'a leader has voters');
    const hasOther = hasOtherOfTwo(leadership, { self: this.#options.self, voters, log });
    if (hasOther || leadership.hasHeirs(now)) return this.replica.resign(now);
    // They may be back any time, and nothing else wakes the leader of followers that are well.
    this.#handOverAtMs = now + limits.peerProbeMs;
  }

  /** C3: nothing would be committed. Clients are told before it is appended; our own words wait. */
  get isShortOfReplicas(): boolean {
    const leadership = this.begun?.leadership;
    return leadership?.hasEnoughReplicas === false && !isInternalTopicName(this.topic);
  }

  #highWatermarkMoved(): void {
    this.#releaseWaiters();
    if (this.isLeader) this.log.leaderCommitted(this.highWatermark, this.leaderEpoch);
    this.#options.port.highWatermarkMoved();
  }

  /** C5: only what this node committed as leader of the epoch. */
  #releaseWaiters(): void {
    if (this.isLeader) this.#waiters.highWatermarkMoved(this.leaderEpoch, this.highWatermark);
  }

  /** All that the log holds now: a duplicate too waits for the present end (P2). */
  #whenCommitted(done: (outcome: ProduceOutcome) => void, stored: () => ProduceOutcome): void {
    this.#waiters.add({
      leaderEpoch: this.leaderEpoch,
      endOffset: this.log.logEndOffset,
      settled: (isCommitted) => done(isCommitted ? stored() : produceRefusals.notLeader),
    });
    // Everything may be committed already: a duplicate of an old batch.
    if (this.highWatermark >= this.log.logEndOffset) this.#releaseWaiters();
  }

  /** It still leads: what it appends from here on is committed in its epoch. */
  #whenConfirmed(done: (outcome: ProduceOutcome) => void, outcome: ProduceOutcome): void {
    if (isLoneVoter(this.#options.self, this.#voters)) return done(outcome);
    this.#led([]);
    return this.#whenCommitted(done, () => outcome);
  }

  #stored(baseOffset: Offset): ProduceOutcome {
    return { ok: true, baseOffset, logStartOffset: this.logStartOffset };
  }

  #nowMs(): MonotonicMs {
    return this.#options.now().monotonicMs;
  }
}
