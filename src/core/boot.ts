import { assert } from '../base/assert.ts';
import type { MonotonicMs, Offset, Uuid } from '../base/brand.ts';
import { utf8Encode } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { Random } from '../ports/random.ts';
import type { ViewChange, ViewEntry } from '../ports/state-view.ts';
import { encodeTopic, type TopicValue } from '../wire/state/state-codec.ts';
import {
  clusterKeys,
  clusterTopicName,
  sessionsTopicName,
  type ClusterState,
} from './cluster/cluster-state.ts';
import type { Decisions } from './cluster/decisions.ts';
import type { InternalTopic } from './cluster/internal-topic.ts';
import { lostTopics } from './cluster/lost-topics.ts';
import type { Effect } from './effect.ts';
import type { LocalPartitions } from './local-partitions.ts';
import type { Partition } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';

/** One `topics:` entry of the config. -1: unlimited. */
export interface TopicSeed {
  readonly name: string;
  readonly partitions: number;
  readonly keepUnforwarded: boolean;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** 0: auto. */
  readonly replicas: number;
  /** 0: auto. */
  readonly minInsyncReplicas: number;
}

export interface BootOptions {
  readonly seeds: readonly TopicSeed[];
  /** A cluster of one makes `__cluster` by itself; others are born (V2). */
  readonly isAlone: boolean;
  readonly random: Random;
  readonly partitions: PartitionTable;
  readonly local: LocalPartitions;
  readonly cluster: ClusterState;
  readonly decisions: Pick<Decisions, 'state' | 'decide'>;
  readonly emit: (effect: Effect) => void;
  readonly openInternal: (partition: Partition) => InternalTopic;
  /** `__cluster` is replayed: gets this start's producer ids, then calls back. */
  readonly takeProducerIds: (taken: () => void) => void;
  /** Where the replicas of a new topic go; none: everything is on this node. */
  readonly assign: (topic: TopicSeed) => TopicValue['assignments'];
  readonly ready: () => void;
}

/**
 * From an opened data directory to a node that serves, in the only order that is safe: what is
 * committed in `__cluster` is known -> producer ids (P4) -> its leader seeds topics -> the logs
 * that they assign here are made or found -> each has a leader, here or elsewhere -> sessions are
 * replayed -> ready. In a cluster a partition that finds no leader is not waited for longer than a
 * node that runs would miss one.
 */
export class Boot {
  readonly #options: BootOptions;
  readonly #views = new Map<string, { nextOffset: Offset; entries: readonly ViewEntry[] }>();
  readonly #internal = new Map<string, InternalTopic>();
  /** Topics made since the node was ready, and who waits for their partitions. */
  readonly #opening = new Map<TopicValue, () => void>();
  #phase: 'cluster' | 'topics' | 'ready' = 'cluster';
  /** The leader epoch of `__cluster` in which this node has seeded topics. */
  #seededIn = -1;
  /** Since when it waits for leaders of the logs that are assigned here. */
  #awaitsLeadersSince: MonotonicMs | undefined;
  #hasWaited = false;

  constructor(options: BootOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#phase === 'ready';
  }

  /** All that is committed in `__cluster` is known, and the logs that it assigns here take part. */
  get hasOpened(): boolean {
    return this.#phase !== 'cluster';
  }

  internal(name: string): InternalTopic | undefined {
    return this.#internal.get(name);
  }

  viewLoaded(topic: string, nextOffset: Offset, entries: readonly ViewEntry[]): void {
    this.#views.set(topic, { nextOffset, entries });
  }

  /** The logs are open. @returns false if this node belongs to no cluster yet (V2). */
  started(): boolean {
    const { partitions, local, isAlone, random } = this.#options;
    const cluster = partitions.find(clusterTopicName, 0);
    if (cluster !== undefined) {
      local.begin(cluster);
      this.#refuseAlone(cluster);
    } else if (partitions.size > 0) this.#refuseDamaged();
    else if (isAlone) this.createCluster(random.uuid());
    else return false;
    return true;
  }

  /** Its voters are stored, or it is a cluster of one. */
  createCluster(topicId: Uuid): void {
    const wanted = { topic: clusterTopicName, topicId, partition: 0 };
    this.#options.local.create(wanted, undefined);
  }

  /**
   * A high watermark moved, or a partition follows another leader: the next step may be possible.
   */
  advanced(partition: Partition): void {
    this.#internal.get(partition.topic)?.highWatermarkMoved();
    if (!partition.isLed) return;
    if (partition.topic === clusterTopicName) {
      if (partition.isCurrent) this.#replay(partition, () => this.#clusterReplayed());
      this.#seedAsLeader(partition);
    }
    if (this.isReady) this.#answerOpened();
    else this.#becomeReady();
  }

  /** One partition without a majority must not close the node's ports to all the others. */
  tick(now: MonotonicMs): void {
    if (this.#phase !== 'topics' || this.#options.isAlone || this.#hasWaited) return;
    this.#awaitsLeadersSince ??= now;
    if (now - this.#awaitsLeadersSince < limits.leaderlessMsMax) return;
    this.#hasWaited = true;
    this.#becomeReady();
  }

  /** Opens a topic that was committed while the node runs, and calls back when it is led. */
  openTopic(topic: TopicValue, opened: () => void): void {
    assert(this.isReady, 'before that all committed topics are opened together');
    this.#opening.set(topic, opened);
    this.#options.local.open(topic);
  }

  /** A topic's record is committed, whoever wrote it. */
  topicChanged(name: string): void {
    const topic = this.#options.cluster.topic(name);
    if (topic !== undefined && this.#phase !== 'cluster') this.#options.local.open(topic);
  }

  #clusterReplayed(): void {
    const cluster = this.#internal.get(clusterTopicName);
    if (cluster === undefined) return;
    this.#options.takeProducerIds(() => {
      const isDeciding = cluster.partition.isEpochCommitted && cluster.isCaughtUp;
      if (isDeciding) this.#seedAsLeader(cluster.partition, true);
      else this.#openTopics();
    });
  }

  /** Only the leader of `__cluster` decides which topics there are. */
  #seedAsLeader(partition: Partition, isFirst = false): void {
    const cluster = this.#internal.get(clusterTopicName);
    const isDue = isFirst || this.#phase !== 'cluster';
    if (!isDue || !partition.isEpochCommitted || cluster?.isCaughtUp !== true) return;
    if (this.#seededIn === partition.leaderEpoch) return;
    this.#seededIn = partition.leaderEpoch;
    this.#seedTopics();
  }

  #seedTopics(): void {
    const { seeds, partitions, decisions, isAlone } = this.#options;
    const all = [...seeds, sessionsSeed];
    const lost = isAlone ? lostTopics(partitions, decisions.state, all) : [];
    for (const topic of lost) this.#tellLost(topic);
    const changes = lost.map(topicChange);
    for (const seed of all) {
      if (lost.some(({ name }) => name === seed.name)) continue;
      const value = this.#seeded(seed);
      if (value === undefined) continue;
      changes.push(topicChange(value));
    }
    const isDecided = decisions.decide(changes, (isCommitted) => {
      // Deposed meanwhile: its successor decides, or this node when it leads again.
      if (!isCommitted) this.#seededIn = -1;
      this.#openTopics();
    });
    assert(isDecided, 'it leads, and knows what is committed');
  }

  /** The record that makes or updates a topic; undefined if the committed one says the same. */
  #seeded(seed: TopicSeed): TopicValue | undefined {
    const { decisions, random, isAlone, assign } = this.#options;
    const known = decisions.state.topic(seed.name);
    const { partitions, keepUnforwarded, retentionMs, retentionBytes } = seed;
    if (known === undefined) {
      const assignments = assign(seed);
      return {
        ...seed,
        topicId: random.uuid(),
        internal: seed.name.startsWith('__'),
        assignments,
      };
    }
    if (known.partitions !== partitions) this.#warnPartitions(known, partitions);
    const isSame =
      known.keepUnforwarded === keepUnforwarded &&
      known.retentionMs === retentionMs &&
      known.retentionBytes === retentionBytes;
    // In a cluster each node has a config of its own: after the birth it is the operator who says.
    if (isSame || !isAlone) return undefined;
    return { ...known, keepUnforwarded, retentionMs, retentionBytes };
  }

  #openTopics(): void {
    if (this.#phase !== 'cluster') return;
    this.#phase = 'topics';
    for (const topic of this.#options.cluster.topics()) this.#options.local.open(topic);
    this.#becomeReady();
  }

  #answerOpened(): void {
    for (const [topic, opened] of this.#opening) {
      if (!this.#isLed(topic)) continue;
      this.#opening.delete(topic);
      opened();
    }
  }

  /**
   * Each of its partitions that is here has a leader; of one that is a state of this node all that
   * is committed is known.
   */
  #isLed(topic: TopicValue): boolean {
    const { partitions, local } = this.#options;
    for (let i = 0; i < topic.partitions; i++) {
      const partition = partitions.findById(topic.name, topic.topicId as Uuid, i);
      if (partition === undefined) {
        if (local.isAssigned(topic, i)) return false;
      } else if (topic.internal ? !partition.isCurrent : !partition.isLed) return false;
    }
    return true;
  }

  #becomeReady(): void {
    if (this.#phase !== 'topics') return;
    const { cluster, partitions } = this.#options;
    for (const topic of cluster.topics()) {
      if (!this.#isLed(topic) && (topic.internal || !this.#hasWaited)) return;
    }
    if (cluster.topic(sessionsTopicName) === undefined) return;
    const sessions = partitions.find(sessionsTopicName, 0);
    if (sessions === undefined) return this.#serve();
    if (this.#internal.has(sessionsTopicName)) return;
    this.#replay(sessions, () => this.#serve());
  }

  #serve(): void {
    for (const seed of this.#options.seeds) this.#warnOfOthers(seed);
    this.#phase = 'ready';
    this.#options.ready();
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

  #refuseDamaged(): void {
    const { partitions, isAlone } = this.#options;
    this.#options.emit({
      type: 'StopNode',
      text:
        `The data directory holds ${partitions.size} partition logs but no ${clusterTopicName}-0: it ` +
        `is damaged. Restore that folder, or ${isAlone ? startAnew : startAnewInCluster}`,
    });
  }

  /** Without the others it would wait for votes for ever, and nobody would know why. */
  #refuseAlone({ voters }: Partition): void {
    const nodeIds = voters?.voters.map(({ nodeId }) => nodeId) ?? [];
    if (!this.#options.isAlone || nodeIds.length < 2) return;
    this.#options.emit({
      type: 'StopNode',
      text:
        `The data directory is that of a cluster of the nodes ${nodeIds.join(', ')}, and the config ` +
        'has no `cluster`: put it back. One gateway of a pair whose other one is lost for good goes ' +
        'on with `shorelog promote`.',
    });
  }

  #warnPartitions(known: TopicValue, wanted: number): void {
    this.#options.emit({
      type: 'Print',
      level: 'warn',
      text: `Topic ${known.name} keeps its ${known.partitions} partitions; the config asks for ${wanted}.`,
    });
  }

  /** In a cluster the config of another node may have decided what topics there are, and how. */
  #warnOfOthers({ name, retentionMs, retentionBytes, keepUnforwarded }: TopicSeed): void {
    const present = this.#options.cluster.topic(name);
    if (present === undefined) {
      const text =
        `The cluster has no topic ${name}: publishes that are routed to it are refused. Make it ` +
        `with a Kafka client, or list it in the config of the node that leads ${clusterTopicName}.`;
      return this.#options.emit({ type: 'Print', level: 'error', text });
    }
    const isSame =
      present.retentionMs === retentionMs &&
      present.retentionBytes === retentionBytes &&
      present.keepUnforwarded === keepUnforwarded;
    if (isSame) return;
    const text =
      `Topic ${name} keeps the retention that the cluster has for it; the config of this node has ` +
      'another: `shorelog topics alter` changes it.';
    this.#options.emit({ type: 'Print', level: 'warn', text });
  }

  #tellLost({ name, topicId, partitions }: TopicValue): void {
    const text = 'The record of a topic was lost; its logs say what it was.';
    const fields = { topic: name, topicId, partitions };
    this.#options.emit({ type: 'Print', level: 'error', text, fields });
  }
}

const startAnew = 'move the data directory away to start anew.';
/** Of a partition whose other copies are away it may hold all that is left. */
const startAnewInCluster =
  'look at `shorelog status` of another node: where that has a leader for every partition, move ' +
  'the data directory away, start, and run `shorelog rejoin`. Keep the old one: a partition that ' +
  'nobody leads may have its last copy there.';

const sessionsSeed: TopicSeed = {
  name: sessionsTopicName,
  partitions: 1,
  keepUnforwarded: false,
  retentionMs: -1,
  retentionBytes: -1,
  replicas: 0,
  minInsyncReplicas: 0,
};

const topicChange = (topic: TopicValue): ViewChange => ({
  key: utf8Encode(clusterKeys.topic(topic.name)),
  value: encodeTopic(topic),
});
