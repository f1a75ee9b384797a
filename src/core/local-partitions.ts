import { leaderEpoch, offset, type Offset, type Uuid } from '../base/brand.ts';
import type { StoredFacts } from '../ports/stored-facts.ts';
import type { TopicValue } from '../wire/state/state-codec.ts';
import { clusterTopicName, type ClusterState } from './cluster/cluster-state.ts';
import { topicReplicas } from './cluster/topic-replicas.ts';
import type { Effect, VoteRecord } from './effect.ts';
import type { OpenLog } from './event.ts';
import type { Partition } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';
import type { LocalWitnesses } from './local-witnesses.ts';
import type { StoredVote } from './replica/ballot.ts';
import { VoterSet, type ReplicaId, type Voter } from './replica/voter-set.ts';

export interface LocalPartitionsOptions {
  readonly self: ReplicaId;
  /** A cluster of one. */
  readonly isAlone: boolean;
  /** The whole node is one: what it keeps is said by name. */
  readonly isWitness: boolean;
  /** The journal lost records: votes may be missing (V4). */
  readonly isJournalDamaged: boolean;
  /** They were, and this disk goes on as another one: no voter until it is let in again (V4). */
  readonly isRenewed: boolean;
  readonly partitions: PartitionTable;
  readonly cluster: ClusterState;
  readonly onceHad: StoredFacts['onceHad'];
  /** @param onceHad how far the log was before it was emptied here (V4). */
  readonly openPartition: (log: OpenLog, onceHad: Offset | undefined) => Partition;
  /** It is no more kept here. */
  readonly closePartition: (partition: Partition) => void;
  readonly witnesses: LocalWitnesses;
  /** It takes part from now on. */
  readonly begun: () => void;
  readonly emit: (effect: Effect) => void;
}

/** A log that is wanted: its voters are durable before its folder is made. */
interface WantedLog {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
}

/** V4: a lone voter whose journal is damaged leaves room for every epoch it may have promised. */
const damagedJournalEpochs = 1_000;

/**
 * Which partitions this node has, and how they come to be: the logs that were found, and those that
 * committed topics assign to it (C7). Each takes part with the voters that its own log, the journal
 * or its topic's first record name (V1), and with the vote that it gave.
 */
export class LocalPartitions {
  readonly #options: LocalPartitionsOptions;
  readonly #votes = new Map<string, StoredVote>();
  readonly #wanted = new Map<string, WantedLog>();
  /** How far logs were that are opened here; one that is open knows better itself. */
  readonly #onceHad = new Map<string, Offset>();
  /** Logs that were found and take no part yet. */
  readonly #found = new Map<Partition, OpenLog>();
  /** Emptied logs that nobody wants here; undefined: the disk is still at it. */
  readonly #parked = new Map<string, OpenLog | undefined>();

  constructor(options: LocalPartitionsOptions) {
    this.#options = options;
    for (const { topicId, partition, to } of options.onceHad) {
      this.#onceHad.set(keyOf(topicId, partition), to);
    }
  }

  found(logs: readonly OpenLog[], votes: readonly VoteRecord[]): void {
    for (const vote of votes) this.#votes.set(keyOf(vote.topicId, vote.partition), vote);
    for (const log of logs) this.#found.set(this.#open(log), log);
  }

  votesPersisted(votes: readonly VoteRecord[]): void {
    for (const vote of votes) {
      const { topicId, partition } = vote;
      this.#votes.set(keyOf(topicId, partition), vote);
      this.#find(topicId, partition)?.votePersisted(vote);
      this.#options.witnesses.votePersisted(vote);
    }
  }

  votersStored(topicId: Uuid, partition: number): void {
    const wanted = this.#wanted.get(keyOf(topicId, partition));
    if (wanted !== undefined) this.#options.emit({ type: 'CreateLog', ...wanted });
  }

  logCreated(log: OpenLog): void {
    const partition = this.#open(log);
    this.#wanted.delete(keyOf(partition.topicId, partition.partition));
    this.begin(partition);
  }

  /** Begins or makes what a committed topic assigns to this node. */
  open(topic: TopicValue): void {
    const topicId = topic.topicId as Uuid;
    for (let i = 0; i < topic.partitions; i++) {
      const partition = this.#options.partitions.findById(topic.name, topicId, i);
      if (partition === undefined) this.#openNew(topic, i);
      else if (!partition.hasBegun && !this.#park(partition, topic)) this.begin(partition);
    }
  }

  /**
   * Nobody wants it here any more: it is emptied, and takes no part until it is wanted again. As
   * the voter that it may have been it would vote for a log that is older than what it had; how far
   * it was is therefore kept (V4).
   */
  discard(partition: Partition): void {
    const key = keyOf(partition.topicId, partition.partition);
    const onceHad = Math.max(partition.onceHad ?? 0, partition.highWatermark);
    this.#onceHad.set(key, offset(onceHad));
    this.#parked.set(key, undefined);
    this.#options.closePartition(partition);
    partition.discard(offset(onceHad));
  }

  /** The answer to ResetLog. @returns whether it was emptied for good. */
  wasReset(log: OpenLog): boolean {
    const { topicId, partition } = log.recovered;
    const key = keyOf(topicId, partition);
    if (!this.#parked.has(key)) return false;
    this.#parked.set(key, log);
    const topic = this.#options.cluster.topicById(topicId);
    // Somebody may want it again since.
    if (topic !== undefined) this.#openNew(topic, partition);
    return true;
  }

  /** It was emptied before this start, and is still not wanted. */
  #park(partition: Partition, topic: TopicValue): boolean {
    const key = keyOf(partition.topicId, partition.partition);
    const log = this.#found.get(partition);
    const isEmptied = partition.onceHad !== undefined && partition.logEndOffset === 0;
    if (!isEmptied || log === undefined || this.isAssigned(topic, partition.partition))
      return false;
    this.#parked.set(key, log);
    this.#options.closePartition(partition);
    return true;
  }

  #open(log: OpenLog): Partition {
    const { topicId, partition } = log.recovered;
    return this.#options.openPartition(log, this.#onceHad.get(keyOf(topicId, partition)));
  }

  #openNew(topic: TopicValue, index: number): void {
    const role = this.#roleIn(topic, index);
    const first = topicReplicas.first(topic, index);
    const place = { topic: topic.name, topicId: topic.topicId as Uuid, partition: index };
    const { witnesses } = this.#options;
    const key = keyOf(place.topicId, index);
    if (this.#parked.has(key)) {
      const log = this.#parked.get(key);
      if (role !== 'data' || log === undefined) return;
      this.#parked.delete(key);
      return this.logCreated(log);
    }
    // A disk keeps its role in a partition: what it promised as a witness, it has no records of.
    if (role === 'data' && !witnesses.isKnown(place.topicId, index))
      return this.create(place, first);
    const vote = this.#votes.get(key);
    witnesses.open(place, { isWanted: role === 'witness', first: first ?? [], vote });
  }

  /** @param voters none: it votes alone, as everything does in a cluster of one. */
  create(wanted: WantedLog, voters: readonly Voter[] | undefined): void {
    const { topicId, partition } = wanted;
    const key = keyOf(topicId, partition);
    if (this.#wanted.has(key)) return;
    this.#wanted.set(key, wanted);
    const { emit } = this.#options;
    if (voters === undefined) emit({ type: 'CreateLog', ...wanted });
    else emit({ type: 'StoreVoters', topicId, partition, voters });
  }

  begin(partition: Partition): void {
    const { self, isRenewed, cluster } = this.#options;
    this.#found.delete(partition);
    const topic = cluster.topicById(partition.topicId);
    const voters = topic && topicReplicas.first(topic, partition.partition);
    const alone: Voter[] = isRenewed ? [] : [{ ...self, role: 'data' }];
    partition.begin(new VoterSet(voters ?? alone), this.#voteOf(partition));
    this.#options.begun();
  }

  /** Its records shall be kept here. */
  isAssigned(topic: TopicValue, partition: number): boolean {
    return this.#roleIn(topic, partition) === 'data';
  }

  /**
   * What shall be kept here. A topic that was never placed is that of a cluster of one, and stays
   * on the node that made it until it is placed: to take part in it as a lone voter would be
   * another history.
   */
  #roleIn(topic: TopicValue, partition: number): Voter['role'] | undefined {
    const { self, isAlone, isWitness } = this.#options;
    const wanted = topicReplicas.wanted(topic, partition);
    if (wanted === undefined) return isAlone ? 'data' : undefined;
    const own = wanted.find(({ nodeId }) => nodeId === self.nodeId);
    // Any node may be asked to open any session: without its records it could not.
    if (own === undefined) return topic.internal && !isWitness ? 'data' : undefined;
    return own.isWitness ? 'witness' : 'data';
  }

  #voteOf({ topicId, partition, leaderEpoch: seen }: Partition): StoredVote | undefined {
    const { self, isJournalDamaged } = this.#options;
    const vote = this.#votes.get(keyOf(topicId, partition));
    if (!isJournalDamaged) return vote;
    const epoch = Math.max(vote?.leaderEpoch ?? 0, seen) + damagedJournalEpochs - 1;
    return { leaderEpoch: leaderEpoch(epoch), votedFor: self.directoryId };
  }

  #find(topicId: Uuid, partition: number): Partition | undefined {
    const name = this.#options.cluster.topicById(topicId)?.name ?? clusterTopicName;
    return this.#options.partitions.findById(name, topicId, partition);
  }
}

const keyOf = (topicId: Uuid, partition: number): string => `${topicId}/${partition}`;
