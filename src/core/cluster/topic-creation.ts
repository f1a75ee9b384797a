import { limits } from '../../base/limits.ts';
import { isInternalTopicName, isLegalTopicName } from '../../base/topic-name.ts';
import { utf8Encode } from '../../base/bytes.ts';
import type { Random } from '../../ports/random.ts';
import { encodeTopic, type TopicValue } from '../../wire/state/state-codec.ts';
import type { NewTopic, TopicRefusal } from '../kafka/broker-view.ts';
import { clusterKeys } from './cluster-state.ts';
import type { Decisions } from './decisions.ts';
import { dataReplicasOf } from './place-topic.ts';
import type { Placement } from './placement.ts';

export interface TopicCreationOptions {
  readonly decisions: Pick<Decisions, 'state' | 'isOpen' | 'decide'>;
  /** A topic that is committed now can be opened. */
  readonly isReady: () => boolean;
  readonly random: Random;
  /** Where the replicas go. */
  readonly placement: () => Pick<Placement, 'assign' | 'dataNodes'>;
  /** Makes the logs of a committed topic and calls back when each of them has a leader. */
  readonly open: (topic: TopicValue, opened: () => void) => void;
}

/** Topics that clients make at run time: committed in `__cluster` first, then opened (C7). */
export class TopicCreation {
  readonly #options: TopicCreationOptions;

  constructor(options: TopicCreationOptions) {
    this.#options = options;
  }

  /** @returns why this topic cannot be made; undefined: it can. */
  refusal(topic: NewTopic): TopicRefusal | undefined {
    const { name, partitions } = topic;
    if (!isLegalTopicName(name) || isInternalTopicName(name)) return { error: 'INVALID_TOPIC' };
    const { decisions, isReady } = this.#options;
    if (decisions.state.topic(name) !== undefined) return { error: 'TOPIC_ALREADY_EXISTS' };
    if (partitions < 1 || partitions > limits.partitionsPerTopicMax) {
      return { error: 'INVALID_PARTITIONS' };
    }
    if (!isReady() || !decisions.isOpen) return { error: 'NOT_CONTROLLER' };
    return this.#copiesRefusal(topic) ?? this.#roomRefusal(partitions);
  }

  /** How many copies a topic gets that asks for so many; 0: auto. */
  copiesOf(replicas: number): number {
    return dataReplicasOf(replicas, this.#options.placement().dataNodes);
  }

  /**
   * Makes a topic that `refusal` has nothing against; the answer comes when all its partitions take
   * records.
   */
  create(topic: NewTopic, done: (created: TopicValue) => void): void {
    const { random, decisions, open } = this.#options;
    const placement = this.#options.placement();
    const value: TopicValue = {
      ...topic,
      // One is no choice where there is one node: the topic follows those that join.
      replicas: placement.dataNodes === 1 ? 0 : topic.replicas,
      assignments: placement.assign(topic),
      topicId: random.uuid(),
      internal: false,
      keepUnforwarded: true,
    };
    const key = utf8Encode(clusterKeys.topic(topic.name));
    decisions.decide([{ key, value: encodeTopic(value) }], (isCommitted) => {
      // Not under this leader: whoever asked waits in vain, and asks again.
      if (isCommitted) open(value, () => done(value));
    });
  }

  #copiesRefusal({ replicas, minInsyncReplicas }: NewTopic): TopicRefusal | undefined {
    const { dataNodes } = this.#options.placement();
    if (replicas > dataNodes) {
      const text = `${replicas} replicas need ${replicas} data nodes; there are ${dataNodes}.`;
      return { error: 'INVALID_REPLICATION_FACTOR', text };
    }
    const copies = this.copiesOf(replicas);
    if (minInsyncReplicas <= copies) return undefined;
    const text = `min.insync.replicas is ${minInsyncReplicas}, and the replicas are ${copies}.`;
    return { error: 'INVALID_CONFIG', text };
  }

  #roomRefusal(partitions: number): TopicRefusal | undefined {
    return this.#hasRoom(partitions) ? undefined : { error: 'POLICY_VIOLATION' };
  }

  #hasRoom(partitions: number): boolean {
    let topics = 0;
    let carried = partitions;
    for (const topic of this.#options.decisions.state.topics()) {
      topics++;
      carried += topic.partitions;
    }
    return topics < limits.topicsMax && carried <= limits.partitionsMax;
  }
}
