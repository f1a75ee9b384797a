import type { ErrorCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isInternalTopicName, isLegalTopicName } from '../../base/topic-name.ts';
import { utf8Encode } from '../../base/bytes.ts';
import type { Random } from '../../ports/random.ts';
import { encodeTopic, type TopicValue, unplaced } from '../../wire/state/state-codec.ts';
import type { NewTopic } from '../kafka/broker-view.ts';
import { clusterKeys, type ClusterState } from './cluster-state.ts';
import type { InternalTopic } from './internal-topic.ts';

export interface TopicCreationOptions {
  readonly cluster: ClusterState;
  readonly random: Random;
  /** Where the replicas go. */
  readonly assign: (topic: {
    readonly name: string;
    readonly partitions: number;
  }) => TopicValue['assignments'];
  /** `__cluster`; undefined until the node is ready, and where another node leads it. */
  readonly log: () => InternalTopic | undefined;
  /** Makes the logs of a committed topic and calls back when each of them has a leader. */
  readonly open: (topic: TopicValue, opened: () => void) => void;
}

/** Topics that clients make at run time: committed in `__cluster` first, then opened (C7). */
export class TopicCreation {
  readonly #options: TopicCreationOptions;
  /** Partitions of topics whose record is not committed yet, by name. */
  readonly #pending = new Map<string, number>();

  constructor(options: TopicCreationOptions) {
    this.#options = options;
  }

  /** @returns why this topic cannot be made; undefined: it can. */
  refusal({ name, partitions }: NewTopic): ErrorCode | undefined {
    if (!isLegalTopicName(name) || isInternalTopicName(name)) return 'INVALID_TOPIC';
    const { cluster, log } = this.#options;
    if (cluster.topic(name) !== undefined || this.#pending.has(name)) return 'TOPIC_ALREADY_EXISTS';
    if (partitions < 1 || partitions > limits.partitionsPerTopicMax) return 'INVALID_PARTITIONS';
    if (log() === undefined) return 'NOT_CONTROLLER';
    return this.#hasRoom(partitions) ? undefined : 'POLICY_VIOLATION';
  }

  /**
   * Makes a topic that `refusal` has nothing against; the answer comes when all its partitions take
   * records.
   */
  create(topic: NewTopic, done: (created: TopicValue) => void): void {
    const { name, partitions, retentionMs, retentionBytes } = topic;
    const { random, log, open } = this.#options;
    const value: TopicValue = {
      ...unplaced,
      assignments: this.#options.assign(topic),
      name,
      topicId: random.uuid(),
      partitions,
      internal: false,
      keepUnforwarded: true,
      retentionMs,
      retentionBytes,
    };
    this.#pending.set(name, partitions);
    const change = { key: utf8Encode(clusterKeys.topic(name)), value: encodeTopic(value) };
    log()?.decide([change], (isCommitted) => {
      this.#pending.delete(name);
      // Not under this leader: whoever asked waits in vain, and asks again.
      if (isCommitted) open(value, () => done(value));
    });
  }

  #hasRoom(partitions: number): boolean {
    let topics = this.#pending.size;
    let carried = partitions;
    for (const pending of this.#pending.values()) carried += pending;
    for (const topic of this.#options.cluster.topics()) {
      topics++;
      carried += topic.partitions;
    }
    return topics < limits.topicsMax && carried <= limits.partitionsMax;
  }
}
