import type { Uuid } from '../../base/brand.ts';
import type { MetadataResponse } from '../../wire/kafka/generated/03-metadata.ts';

export interface Broker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface PartitionMetadata {
  readonly leaderId: number;
  /** -1 where the broker does not tell (below Metadata v7). */
  readonly leaderEpoch: number;
  readonly errorCode: number;
}

export interface TopicMetadata {
  readonly errorCode: number;
  /** All zeros where the broker does not tell (below Metadata v10). */
  readonly topicId: Uuid;
  /** By partition index. */
  readonly partitions: ReadonlyMap<number, PartitionMetadata>;
}

/**
 * What a cluster last said about itself. Topics that an answer does not name keep what was known.
 */
export class ClusterMetadata {
  clusterId: string | undefined;
  controllerId = -1;
  readonly brokers = new Map<number, Broker>();
  readonly topics = new Map<string, TopicMetadata>();

  update(answer: MetadataResponse): void {
    if (answer.clusterId !== null) this.clusterId = answer.clusterId;
    this.controllerId = answer.controllerId;
    this.brokers.clear();
    for (const broker of answer.brokers) {
      this.brokers.set(broker.nodeId, { ...broker });
    }
    for (const topic of answer.topics) {
      if (topic.name === null) continue;
      const partitions = new Map(topic.partitions.map((one) => [one.partitionIndex, one]));
      const { errorCode, topicId } = topic;
      this.topics.set(topic.name, { errorCode, topicId, partitions });
    }
  }

  /** The node that leads a partition; undefined: not known, or nobody does. */
  leaderOf(topic: string, partition: number): number | undefined {
    const known = this.topics.get(topic)?.partitions.get(partition);
    return known === undefined || known.leaderId < 0 ? undefined : known.leaderId;
  }

  /** How many partitions a topic has; 0: not known. */
  partitionsOf(topic: string): number {
    return this.topics.get(topic)?.partitions.size ?? 0;
  }
}
