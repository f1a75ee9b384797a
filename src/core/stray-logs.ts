import { monotonicMs, type MonotonicMs } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import type { ClusterState } from './cluster/cluster-state.ts';
import { topicReplicas } from './cluster/topic-replicas.ts';
import type { Effect } from './effect.ts';
import type { Partition } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';

export interface StrayLogsOptions {
  readonly nodeId: number;
  readonly partitions: PartitionTable;
  readonly cluster: ClusterState;
  /** When something of that node was heard last; undefined: never. */
  readonly heardAt: (nodeId: number) => MonotonicMs | undefined;
  readonly discard: (partition: Partition) => void;
  readonly emit: (effect: Effect) => void;
}

/**
 * Copies that nobody wants here any more: the topic's committed record names this node no more, and
 * so do the voters of the log, who are committed too. After a while, in which an operator may think
 * better of it and in which somebody else leads the partition all the time, they go: without a
 * leader this copy may be the last one.
 */
export class StrayLogs {
  readonly #options: StrayLogsOptions;
  #since = new Map<Partition, MonotonicMs>();
  #dueAt: MonotonicMs | undefined;

  constructor(options: StrayLogsOptions) {
    this.#options = options;
  }

  start(now: MonotonicMs): void {
    this.#dueAt = monotonicMs(now + limits.strayLogCheckMs);
  }

  nextDeadline(): MonotonicMs | undefined {
    return this.#dueAt;
  }

  tick(now: MonotonicMs): void {
    if (this.#dueAt === undefined || now < this.#dueAt) return;
    this.start(now);
    const before = this.#since;
    this.#since = new Map();
    for (const partition of [...this.#options.partitions].filter((each) =>
      this.#isStray(each, now),
    )) {
      const since = before.get(partition) ?? now;
      if (now - since < limits.strayLogKeptMs) this.#since.set(partition, since);
      else this.#discard(partition);
    }
  }

  #isStray(log: Partition, now: MonotonicMs): boolean {
    const { cluster, nodeId } = this.#options;
    const topic = cluster.topicById(log.topicId);
    const wanted = topic && topicReplicas.wanted(topic, log.partition);
    if (wanted === undefined || topic?.internal === true) return false;
    if (wanted.some((replica) => replica.nodeId === nodeId) || !log.hasBegun) return false;
    // What its leader has committed is known here, so that the voters are, too (V1).
    if (log.isLeader || log.isCutting || !log.isCurrent) return false;
    return log.voters?.ofNode(nodeId) === undefined && this.#isLed(log, now);
  }

  /** By one that answers: it resigns when it hears of no majority any more (T3). */
  #isLed({ leaderId }: Partition, now: MonotonicMs): boolean {
    const heardMs = leaderId === undefined ? undefined : this.#options.heardAt(leaderId);
    return heardMs !== undefined && now - heardMs < limits.peerAnswersMsMax;
  }

  #discard(log: Partition): void {
    const { topic, partition, logStartOffset: from, logEndOffset: to } = log;
    this.#options.discard(log);
    const text = 'A copy that is not wanted on this node any more was deleted.';
    const fields = { topic, partition, from, to, offsets: to - from };
    this.#options.emit({ type: 'Print', level: 'info', text, fields });
  }
}
