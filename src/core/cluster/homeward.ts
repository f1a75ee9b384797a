import { monotonicMs, type MonotonicMs } from '../../base/brand.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import type { LeaderTransfers } from '../leader-transfers.ts';
import type { ClusterState } from './cluster-state.ts';
import { driftRoundMs, LeaderDrift, type LedPartition } from './leader-drift.ts';
import { topicReplicas } from './topic-replicas.ts';

export interface HomewardOptions {
  readonly nodeId: number;
  readonly partitions: PartitionTable;
  readonly cluster: ClusterState;
  readonly transfers: LeaderTransfers;
}

/** Hands partitions over to the nodes that shall lead them, from time to time (T4). */
export class Homeward {
  readonly #options: HomewardOptions;
  readonly #drift: LeaderDrift;
  #dueAt: MonotonicMs | undefined;

  constructor(options: HomewardOptions) {
    this.#options = options;
    this.#drift = new LeaderDrift(options.nodeId);
  }

  start(now: MonotonicMs): void {
    this.#dueAt = monotonicMs(now + driftRoundMs);
  }

  nextDeadline(): MonotonicMs | undefined {
    return this.#dueAt;
  }

  tick(now: MonotonicMs): void {
    if (this.#dueAt === undefined || now < this.#dueAt) return;
    this.#dueAt = monotonicMs(now + driftRoundMs);
    for (const { topicId, partition, nodeId } of this.#drift.round(this.#led(), now)) {
      for (const led of this.#options.partitions) {
        const isIt = led.topicId === topicId && led.partition === partition;
        if (isIt && led.isEpochCommitted) this.#options.transfers.begin(led, nodeId);
      }
    }
  }

  *#led(): Iterable<LedPartition> {
    for (const partition of this.#options.partitions) {
      const assignment = partition.isLeader ? this.#assignment(partition) : undefined;
      if (assignment === undefined) continue;
      const { topicId, partition: index, inSyncIds } = partition;
      yield { topicId, partition: index, assignment, inSyncIds };
    }
  }

  #assignment({ topicId, partition }: Partition): LedPartition['assignment'] | undefined {
    const topic = this.#options.cluster.topicById(topicId);
    return topic && topicReplicas.wanted(topic, partition);
  }
}
