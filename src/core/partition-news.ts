import type { MonotonicMs } from '../base/brand.ts';
import type { Boot } from './boot.ts';
import type { WantedVoters } from './cluster/wanted-voters.ts';
import type { Membership } from './cluster/membership.ts';
import type { NodeForwarding } from './forward/node-forwarding.ts';
import type { KafkaRouter } from './kafka/router.ts';
import type { LeaderlessWatch } from './leaderless-watch.ts';
import type { Partition } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';
import type { ProduceQueues } from './produce/produce-queues.ts';

/** Who wants to hear of partitions. Looked up at each piece of news: some are made later. */
export interface PartitionListeners {
  readonly partitions: PartitionTable;
  readonly leaderless: LeaderlessWatch;
  readonly wantedVoters: WantedVoters;
  readonly queues: ProduceQueues;
  /** Undefined: a cluster of one. */
  readonly membership: Membership | undefined;
  readonly forwarding: NodeForwarding;
  readonly router: KafkaRouter;
  readonly boot: Boot;
}

/** Carries what becomes of this node's partitions to those whom it concerns, and counts it. */
export class PartitionNews {
  /** Since the start. */
  readonly counts = { electionsWon: 0, leaderChanges: 0, inSyncLeft: 0, inSyncEntered: 0 };
  readonly #listeners: PartitionListeners;
  readonly #now: () => MonotonicMs;

  constructor(listeners: PartitionListeners, now: () => MonotonicMs) {
    this.#listeners = listeners;
    this.#now = now;
  }

  /** It is on this node now, in the place of one of that name that was there before, if any. */
  opened(partition: Partition): void {
    const { partitions, leaderless } = this.#listeners;
    const before = partitions.find(partition.topic, partition.partition);
    if (before !== undefined) leaderless.removed(before);
    partitions.add(partition);
    leaderless.changed(partition, this.#now());
  }

  /** It is emptied, and others lead it. */
  closed(partition: Partition): void {
    const { partitions, leaderless, membership, queues } = this.#listeners;
    partitions.remove(partition);
    leaderless.removed(partition);
    membership?.peers.removed(partition);
    queues.leaderChanged(partition.topicId, partition.partition);
  }

  leaderChanged(partition: Partition): void {
    const { leaderless, wantedVoters, queues, membership, forwarding } = this.#listeners;
    leaderless.changed(partition, this.#now());
    this.counts.leaderChanges++;
    if (partition.isLeader) {
      this.counts.electionsWon++;
      wantedVoters.tell(partition);
    }
    queues.leaderChanged(partition.topicId, partition.partition);
    membership?.leaderChanged(partition);
    forwarding.leaderChanged(partition);
  }

  highWatermarkMoved(partition: Partition): void {
    const { router, forwarding, boot } = this.#listeners;
    router.highWatermarkMoved(partition.logId, this.#now());
    forwarding.highWatermarkMoved(partition);
    boot.advanced(partition);
  }

  /** A follower came in sync with a partition that is led here, or fell out. */
  inSyncChanged(isIn: boolean): void {
    if (isIn) this.counts.inSyncEntered++;
    else this.counts.inSyncLeft++;
  }
}
