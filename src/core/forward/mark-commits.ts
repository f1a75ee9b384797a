import type { MonotonicMs, Uuid } from '../../base/brand.ts';
import { utf8Encode } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import { encodeForwarded } from '../../wire/state/state-codec.ts';
import { clusterKeys, type ClusterState } from '../cluster/cluster-state.ts';
import type { InternalTopic } from '../cluster/internal-topic.ts';
import type { Partition } from '../partition.ts';
import type { ForwardLedger } from './forward-ledger.ts';

export interface MarkCommitsOptions {
  readonly cluster: ClusterState;
  readonly ledger: ForwardLedger;
  readonly log: () => InternalTopic | undefined;
  readonly nowMs: () => MonotonicMs;
}

interface Lag {
  readonly partition: Partition;
  readonly dueMs: number;
}

/**
 * Where central's cursor stands, in `__cluster` too: a new leader's journal knows nothing of it
 * (X1, X4). It may lag by some seconds, as a bound of retention may. The key names the leader
 * epoch: what a deposed leader still had on its way replaces nothing of its successor's.
 */
export class MarkCommits {
  readonly #options: MarkCommitsOptions;
  /** Partitions whose mark has moved since it was committed last, by log. */
  readonly #lagging = new Map<number, Lag>();
  /** One at a time: without a leader of `__cluster` they would pile up. */
  readonly #underWay = new Set<number>();

  constructor(options: MarkCommitsOptions) {
    this.#options = options;
  }

  /** A mark of a partition that this node leads has moved. */
  progressed(partition: Partition): void {
    if (!isReplicated(partition) || this.#lagging.has(partition.logId)) return;
    const dueMs = this.#options.nowMs() + limits.forwardMarkLagMs;
    this.#lagging.set(partition.logId, { partition, dueMs });
  }

  resigned({ logId }: Partition): void {
    this.#lagging.delete(logId);
  }

  /** What `__cluster` is to hold of a partition that this node leads; nothing if it is alone. */
  changes(partition: Partition): ViewChange[] {
    if (!isReplicated(partition)) return [];
    const { cluster, ledger } = this.#options;
    const { partition: index, leaderEpoch } = partition;
    const topicId = partition.topicId as Uuid;
    const keyIn = (epoch: number): Uint8Array =>
      utf8Encode(clusterKeys.forwarded(topicId, index, epoch));
    const value = encodeForwarded(ledger.stands(topicId, index));
    const older = cluster.forwardedIn(topicId, index).filter((epoch) => epoch < leaderEpoch);
    return [
      { key: keyIn(leaderEpoch), value },
      ...older.map((epoch) => ({ key: keyIn(epoch), value: undefined })),
    ];
  }

  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const [id, { dueMs }] of this.#lagging) {
      if (!this.#underWay.has(id)) next = Math.min(next ?? dueMs, dueMs);
    }
    return next;
  }

  tick(nowMs: MonotonicMs): void {
    for (const [id, { partition, dueMs }] of this.#lagging) {
      if (dueMs > nowMs || this.#underWay.has(id)) continue;
      const log = this.#options.log();
      if (log === undefined) continue;
      this.#lagging.delete(id);
      if (!partition.isEpochCommitted) continue;
      this.#underWay.add(id);
      log.commit(this.changes(partition), () => void this.#underWay.delete(id));
    }
  }
}

/** Another node may lead it next. */
export const isReplicated = ({ voters }: Partition): boolean =>
  voters !== undefined && voters.voters.length > 1;
