import type { Uuid } from '../../base/brand.ts';
import type { TopicValue } from '../../wire/state/state-codec.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { ProduceQueue } from './produce-queue.ts';
import type { ProduceQueues } from './produce-queues.ts';

/** The ingest queues of committed topics, found for each publish without building a key. */
export class TopicQueues {
  readonly #cluster: ClusterState;
  readonly #queues: ProduceQueues;
  readonly #byTopic = new WeakMap<TopicValue, (ProduceQueue | undefined)[]>();

  constructor(cluster: ClusterState, queues: ProduceQueues) {
    this.#cluster = cluster;
    this.#queues = queues;
  }

  /** Undefined: there is no such topic (C7). */
  find(topic: string, partition: number): ProduceQueue | undefined {
    const value = this.#cluster.topic(topic);
    if (value === undefined) return undefined;
    let queues = this.#byTopic.get(value);
    if (queues === undefined) {
      queues = [];
      this.#byTopic.set(value, queues);
    }
    const known = queues[partition];
    if (known !== undefined) return known;
    const topicId = value.topicId as Uuid;
    return (queues[partition] = this.#queues.ingest({ topic, topicId, partition }));
  }
}
