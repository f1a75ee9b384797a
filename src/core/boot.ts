import { assert } from '../base/assert.ts';
import { leaderEpoch, type Offset, type Uuid } from '../base/brand.ts';
import { utf8Encode } from '../base/bytes.ts';
import type { Random } from '../ports/random.ts';
import type { ViewChange, ViewEntry } from '../ports/state-view.ts';
import { encodeTopic, type TopicValue, unplaced } from '../wire/state/state-codec.ts';
import {
  clusterKeys,
  clusterTopicName,
  sessionsTopicName,
  type ClusterState,
} from './cluster/cluster-state.ts';
import type { InternalTopic } from './cluster/internal-topic.ts';
import { lostTopics } from './cluster/lost-topics.ts';
import type { Effect, VoteRecord } from './effect.ts';
import type { OpenLog } from './event.ts';
import type { Partition } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';
import type { StoredVote } from './replica/ballot.ts';
import { VoterSet } from './replica/voter-set.ts';

/** One `topics:` entry of the config. -1: unlimited. */
export interface TopicSeed {
  readonly name: string;
  readonly partitions: number;
  readonly keepUnforwarded: boolean;
  readonly retentionMs: number;
  readonly retentionBytes: number;
}

export interface BootOptions {
  readonly nodeId: number;
  readonly directoryId: Uuid;
  /** The journal lost records: votes may be missing (V4). */
  readonly isJournalDamaged: boolean;
  readonly seeds: readonly TopicSeed[];
  readonly random: Random;
  readonly partitions: PartitionTable;
  readonly cluster: ClusterState;
  readonly emit: (effect: Effect) => void;
  readonly openPartition: (log: OpenLog) => Partition;
  readonly openInternal: (partition: Partition) => InternalTopic;
  /** `__cluster` is replayed: takes this start's producer ids, then calls back. */
  readonly takeProducerIds: (cluster: InternalTopic, taken: () => void) => void;
  readonly ready: () => void;
}

/** V4: a lone voter whose journal is damaged leaves room for every epoch it may have promised. */
const damagedJournalEpochs = 1_000;

/**
 * From an opened data directory to a node that leads all its partitions, in the only order that is
 * safe:
 * `__cluster` leads and commits -> its records say what exists (C7) -> producer ids (P4) -> topics
 * are seeded -> their logs are made or found, and lead -> sessions are replayed -> ready.
 */
export class Boot {
  readonly #options: BootOptions;
  readonly #votes = new Map<string, StoredVote>();
  readonly #views = new Map<string, { nextOffset: Offset; entries: readonly ViewEntry[] }>();
  readonly #internal = new Map<string, InternalTopic>();
  /** Topics made since the node was ready, and who waits for their partitions. */
  readonly #opening = new Map<TopicValue, () => void>();
  #phase: 'cluster' | 'topics' | 'ready' = 'cluster';

  constructor(options: BootOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#phase === 'ready';
  }

  internal(name: string): InternalTopic | undefined {
    return this.#internal.get(name);
  }

  viewLoaded(topic: string, nextOffset: Offset, entries: readonly ViewEntry[]): void {
    this.#views.set(topic, { nextOffset, entries });
  }

  started(logs: readonly OpenLog[], votes: readonly VoteRecord[]): void {
    for (const vote of votes) this.#noteVote(vote);
    for (const log of logs) this.#options.openPartition(log);
    const cluster = this.#options.partitions.find(clusterTopicName, 0);
    if (cluster !== undefined) return this.#begin(cluster);
    if (logs.length > 0) {
      return this.#refuse(
        `The data directory holds ${logs.length} partition logs but no ${clusterTopicName}-0: it is damaged. ` +
          'Restore that folder, or move the data directory away to start anew.',
      );
    }
    this.#createLog(clusterTopicName, this.#options.random.uuid(), 0);
  }

  votesPersisted(votes: readonly VoteRecord[]): void {
    for (const vote of votes) {
      this.#noteVote(vote);
      this.#find(vote.topicId, vote.partition)?.votePersisted(vote);
    }
  }

  logCreated(log: OpenLog): void {
    this.#begin(this.#options.openPartition(log));
  }

  /** A high watermark moved: the next step may be possible. */
  committed(partition: Partition): void {
    if (!partition.isEpochCommitted) return;
    if (this.isReady) this.#answerOpened();
    else if (partition.topic === clusterTopicName)
      this.#replay(partition, () => this.#clusterReplayed());
    else this.#becomeReady();
  }

  /** Opens a topic that was committed while the node runs, and calls back when it is led. */
  openTopic(topic: TopicValue, opened: () => void): void {
    assert(this.isReady, 'before that all committed topics are opened together');
    this.#opening.set(topic, opened);
    this.#openLogs(topic);
  }

  #clusterReplayed(): void {
    const cluster = this.#internal.get(clusterTopicName);
    if (cluster === undefined) return;
    this.#options.takeProducerIds(cluster, () => this.#seedTopics(cluster));
  }

  #seedTopics(cluster: InternalTopic): void {
    const { seeds, partitions, cluster: state } = this.#options;
    const all = [...seeds, sessionsSeed];
    const lost = lostTopics(partitions, state, all);
    for (const topic of lost) this.#tellLost(topic);
    const changes = lost.map(topicChange);
    for (const seed of all) {
      if (lost.some(({ name }) => name === seed.name)) continue;
      const value = this.#seeded(seed);
      if (value === undefined) continue;
      changes.push(topicChange(value));
    }
    if (changes.length === 0) return this.#openTopics();
    cluster.commit(changes, () => this.#openTopics());
  }

  /** The record that makes or updates a topic; undefined if the committed one says the same. */
  #seeded(seed: TopicSeed): TopicValue | undefined {
    const known = this.#options.cluster.topic(seed.name);
    const { partitions, keepUnforwarded, retentionMs, retentionBytes } = seed;
    if (known === undefined) {
      const topicId = this.#options.random.uuid();
      return { ...unplaced, ...seed, topicId, internal: seed.name.startsWith('__') };
    }
    if (known.partitions !== partitions) this.#warnPartitions(known, partitions);
    const isSame =
      known.keepUnforwarded === keepUnforwarded &&
      known.retentionMs === retentionMs &&
      known.retentionBytes === retentionBytes;
    return isSame ? undefined : { ...known, keepUnforwarded, retentionMs, retentionBytes };
  }

  #openTopics(): void {
    this.#phase = 'topics';
    const found = [...this.#options.cluster.topics()].flatMap((topic) => this.#openLogs(topic));
    for (const partition of found) this.#begin(partition);
  }

  /** Orders the logs that a topic lacks; @returns the partitions that it has. */
  #openLogs(topic: TopicValue): Partition[] {
    const found: Partition[] = [];
    for (let i = 0; i < topic.partitions; i++) {
      const topicId = topic.topicId as Uuid;
      const partition = this.#options.partitions.findById(topic.name, topicId, i);
      if (partition === undefined) this.#createLog(topic.name, topicId, i);
      else found.push(partition);
    }
    return found;
  }

  #answerOpened(): void {
    for (const [topic, opened] of this.#opening) {
      if (!this.#leads(topic)) continue;
      this.#opening.delete(topic);
      opened();
    }
  }

  /** Each partition is led, and its LeaderChange committed. */
  #leads(topic: TopicValue): boolean {
    for (let i = 0; i < topic.partitions; i++) {
      if (!this.#find(topic.topicId as Uuid, i)?.isEpochCommitted) return false;
    }
    return true;
  }

  #becomeReady(): void {
    if (this.#phase !== 'topics') return;
    for (const topic of this.#options.cluster.topics()) if (!this.#leads(topic)) return;
    const sessions = this.#options.partitions.find(sessionsTopicName, 0);
    if (sessions === undefined || this.#internal.has(sessionsTopicName)) return;
    this.#replay(sessions, () => {
      this.#phase = 'ready';
      this.#options.ready();
    });
  }

  #replay(partition: Partition, replayed: () => void): void {
    const name = partition.topic;
    if (this.#internal.has(name)) return;
    const topic = this.#options.openInternal(partition);
    this.#internal.set(name, topic);
    topic.replay(this.#views.get(name), {
      replayed,
      failed: (reason) =>
        this.#options.emit({
          type: 'StopNode',
          text: `The state of this node cannot be read: ${reason}.`,
          isDiskFault: true,
        }),
    });
  }

  /**
   * C1: it leads only in a higher leader epoch than any that this disk has seen, persisted first. A
   * cluster of one wins.
   */
  #begin(partition: Partition): void {
    const { nodeId, directoryId } = this.#options;
    const voters = new VoterSet([{ nodeId, directoryId, role: 'data' }]);
    partition.begin(voters, this.#voteOf(partition));
  }

  #voteOf({ topicId, partition, leaderEpoch: seen }: Partition): StoredVote | undefined {
    const { directoryId: votedFor, isJournalDamaged } = this.#options;
    const vote = this.#votes.get(voteKey(topicId, partition));
    if (!isJournalDamaged) return vote;
    const epoch = Math.max(vote?.leaderEpoch ?? 0, seen) + damagedJournalEpochs - 1;
    return { leaderEpoch: leaderEpoch(epoch), votedFor };
  }

  #noteVote(vote: VoteRecord): void {
    this.#votes.set(voteKey(vote.topicId, vote.partition), vote);
  }

  #find(topicId: Uuid, partition: number): Partition | undefined {
    const topic = this.#options.cluster.topicById(topicId);
    const name = topic === undefined ? clusterTopicName : topic.name;
    return this.#options.partitions.findById(name, topicId, partition);
  }

  #createLog(topic: string, topicId: Uuid, partition: number): void {
    this.#options.emit({ type: 'CreateLog', topic, topicId, partition });
  }

  #warnPartitions(known: TopicValue, wanted: number): void {
    this.#options.emit({
      type: 'Print',
      level: 'warn',
      text: `Topic ${known.name} keeps its ${known.partitions} partitions; the config asks for ${wanted}.`,
    });
  }

  #tellLost({ name, topicId, partitions }: TopicValue): void {
    const text = 'The record of a topic was lost; its logs say what it was.';
    const fields = { topic: name, topicId, partitions };
    this.#options.emit({ type: 'Print', level: 'error', text, fields });
  }

  #refuse(text: string): void {
    this.#options.emit({ type: 'StopNode', text });
  }
}

const sessionsSeed: TopicSeed = {
  name: sessionsTopicName,
  partitions: 1,
  keepUnforwarded: false,
  retentionMs: -1,
  retentionBytes: -1,
};

const topicChange = (topic: TopicValue): ViewChange => ({
  key: utf8Encode(clusterKeys.topic(topic.name)),
  value: encodeTopic(topic),
});

const voteKey = (topicId: Uuid, partition: number): string => `${topicId}/${partition}`;
