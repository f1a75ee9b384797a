import { assert } from '../base/assert.ts';
import { offset, type LogGeneration, type LogId, type Offset, type Uuid } from '../base/brand.ts';
import type { OffsetRange } from '../ports/recovered-log.ts';
import type { WitnessState } from '../ports/witness-state.ts';
import type { PartitionOptions } from './partition-options.ts';
import { idsOf } from './partition-voters.ts';
import type { PeerReplica } from './peer/peer-replica.ts';
import type { StoredVote } from './replica/ballot.ts';
import type { LogStart } from './replica/log-start.ts';
import { Replica } from './replica/replica.ts';
import type { ReplicaPort } from './replica/replica-options.ts';
import { VoterHistory, VoterSet } from './replica/voter-set.ts';
import { WitnessLog } from './witness-log.ts';
import { readWitnessRange, type WitnessRange } from './witness-range.ts';

export interface WitnessReplicaOptions extends Omit<PartitionOptions, 'segmentBytesMax' | 'role'> {
  readonly logId: LogId;
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  /** As it is on the disk, or as a new one begins. */
  readonly state: WitnessState;
  /** As the journal has it. */
  readonly vote: StoredVote | undefined;
}

/**
 * A partition of which this node keeps the order and not the records (V3): it follows the leader's
 * epochs, offsets and voters, and votes. It never leads.
 */
export class WitnessReplica implements PeerReplica {
  readonly logId: LogId;
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly replica: Replica;
  /** A cut is done when it is ordered: what is fetched behind it is stored behind it. */
  readonly isCutting = false;
  readonly #options: WitnessReplicaOptions;
  readonly #voters: VoterHistory;
  readonly #log: WitnessLog;

  constructor(options: WitnessReplicaOptions) {
    const { logId, topic, topicId, partition, state } = options;
    this.#options = options;
    this.logId = logId;
    this.topic = topic;
    this.topicId = topicId;
    this.partition = partition;
    const voters = votersOf(state);
    const { self, settings, random, stepShare, vote, now, port } = options;
    const log = new WitnessLog(state, {
      voters,
      store: (generation, next) =>
        port.emit({ type: 'StoreWitness', topicId, partition, generation, state: next }),
    });
    this.#voters = voters;
    this.#log = log;
    this.replica = new Replica({
      ...{ self, role: 'witness', log, voters, vote, settings, random, stepShare },
      heardAt: port.heardAt,
      port: this.#replicaPort(),
      now: now().monotonicMs,
    });
  }

  /** It has no bytes that could rot. */
  get holes(): readonly OffsetRange[] {
    return [];
  }

  /** Its states are small, and each stands for all before it. */
  get waitingBytes(): number {
    return 0;
  }

  repair(): void {
    assert(false, 'a witness has no holes');
  }

  get logStartOffset(): Offset {
    return this.#log.logStartOffset;
  }

  get logEndOffset(): Offset {
    return this.#log.logEndOffset;
  }

  get highWatermark(): Offset {
    return offset(Math.max(this.replica.highWatermark, this.#log.logStartOffset));
  }

  /** Node ids of those that keep the records. */
  get replicaIds(): readonly number[] {
    return idsOf(this.#voters.current.dataVoters);
  }

  startForReset(): LogStart {
    assert(false, 'a witness never leads');
  }

  witnessRange(): WitnessRange {
    assert(false, 'a witness never leads');
  }

  /** It keeps no records. */
  appendFetched(): boolean {
    return false;
  }

  appendWitnessed(range: WitnessRange): boolean {
    const { logEndOffset, lastEpoch } = this.#log;
    const { leaderEpoch } = this.replica;
    const read = readWitnessRange(range, { logEndOffset, lastEpoch, leaderEpoch });
    if (read === undefined) return false;
    for (const { set, from } of read.sets) this.#voters.appended(set, from);
    this.#log.extend(range.end, read.epochs);
    this.#options.port.changed();
    return true;
  }

  /** Only the leader decides what goes (L10); nothing goes that is not known to be committed. */
  leaderLogStart(told: Offset): void {
    const to = Math.min(told, this.replica.highWatermark);
    if (to > this.#log.logStartOffset) this.#log.logStartAdvanced(offset(to));
  }

  resetTo(start: LogStart): void {
    this.#log.resetTo(start);
  }

  votePersisted(vote: StoredVote): void {
    this.replica.votePersisted(vote, this.#options.now().monotonicMs);
  }

  /** The answer to StoreWitness. */
  stored(generation: LogGeneration, endOffset: Offset): void {
    if (this.#log.stored(generation, endOffset)) this.#options.port.changed();
  }

  #replicaPort(): ReplicaPort {
    const { port, topicId, partition } = this.#options;
    return {
      persistVote: (leaderEpoch, { directoryId: votedFor }) =>
        port.persistVote({ topicId, partition, leaderEpoch, votedFor }),
      askVote: never,
      beginEpoch: never,
      endEpoch: never,
      led: never,
      appendVoters: never,
      resigned: never,
      leaderChanged: () => port.leaderChanged(),
      highWatermarkMoved: () => undefined,
    };
  }
}

function votersOf({ voters }: WitnessState): VoterHistory {
  const [first, ...others] = voters;
  assert(first !== undefined, 'somebody votes at the log start');
  const history = new VoterHistory(new VoterSet(first.voters), first.from);
  for (const { from, voters: set } of others) history.appended(new VoterSet(set), from);
  return history;
}

function never(): never {
  assert(false, 'a witness never leads');
}
