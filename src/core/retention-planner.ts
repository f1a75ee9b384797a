import type { LogId, MonotonicMs, Offset, TimestampMs } from '../base/brand.ts';
import { offset, timestampMs } from '../base/brand.ts';
import { limits } from '../base/limits.ts';
import type { ClusterState } from './cluster/cluster-state.ts';
import type { Effect, RetentionPolicy } from './effect.ts';
import type { Drops } from './forward/drops.ts';
import type { ForwardLedger } from './forward/forward-ledger.ts';
import type { Now } from './now.ts';
import type { Partition } from './partition.ts';
import type { PeerClocks } from './peer/peer-clocks.ts';
import type { PartitionTable } from './partition-table.ts';

export interface RetentionPlannerOptions {
  readonly cluster: ClusterState;
  readonly partitions: PartitionTable;
  readonly ledger: ForwardLedger;
  readonly drops: Drops;
  readonly clocks: Pick<PeerClocks, 'agreed'>;
  /** Producer ids whose state must live on (P5). */
  readonly pinnedProducers: () => ReadonlySet<bigint>;
  readonly emit: (effect: Effect) => void;
}

/**
 * Asks each log from time to time what its retention lets go, and lets it go within the bound of
 * L10. Idle producers are forgotten on the same beat.
 */
export class RetentionPlanner {
  readonly #options: RetentionPlannerOptions;
  /** Where each log stood when this node began to lead it. */
  readonly #startedAt = new Map<LogId, Offset>();
  /** Where each log stood when the clock last jumped forward, and what it said then. */
  readonly #jumpedAt = new Map<LogId, Offset>();
  #jumpedTo: TimestampMs | undefined;
  #nextCheckMs: MonotonicMs | undefined;

  constructor(options: RetentionPlannerOptions) {
    this.#options = options;
  }

  start(now: Now): void {
    this.#nextCheckMs = now.monotonicMs;
    for (const { logId, logEndOffset } of this.#options.partitions) {
      this.#startedAt.set(logId, logEndOffset);
    }
  }

  /** The wall clock jumped forward: what was written before it only seems to be old. */
  clockJumped(now: Now): void {
    this.#jumpedTo = now.wallMs;
    for (const { logId, logEndOffset } of this.#options.partitions) {
      this.#jumpedAt.set(logId, logEndOffset);
    }
  }

  nextDeadline(): number | undefined {
    return this.#nextCheckMs;
  }

  tick(now: Now): void {
    if (this.#nextCheckMs === undefined || now.monotonicMs < this.#nextCheckMs) return;
    this.#nextCheckMs = (now.monotonicMs + limits.retentionCheckMs) as MonotonicMs;
    const pinned = this.#options.pinnedProducers();
    for (const partition of this.#options.partitions) {
      this.#check(partition, now);
      partition.expireProducers(now, (producerId) => pinned.has(producerId));
    }
  }

  /**
   * The log found whole segments that its policy lets go. The bound is checked again: time has
   * passed.
   */
  proposed(partition: Partition, to: Offset): void {
    if (!partition.isEpochCommitted) return;
    const deletableTo = this.#options.ledger.deletableTo(partition);
    if (deletableTo === undefined || to > deletableTo || to <= partition.logStartOffset) return;
    this.#options.drops.begin(partition, to, 'retention');
  }

  #check(partition: Partition, now: Now): void {
    const topic = this.#options.cluster.topic(partition.topic);
    // Internal topics are compacted, never aged.
    if (topic === undefined || topic.internal || !partition.isEpochCommitted) return;
    const { retentionMs, retentionBytes } = topic;
    if (retentionMs < 0 && retentionBytes < 0) return;
    const deletableTo = this.#options.ledger.deletableTo(partition);
    if (deletableTo === undefined) return;
    this.#options.emit({
      type: 'CheckRetention',
      logId: partition.logId,
      policy: { retentionMs, retentionBytes, deletableTo, ...this.#beforeJump(partition.logId) },
      // Where the others' clocks are ahead of a right one, too: late is the lesser harm.
      nowMs: timestampMs(Math.min(now.wallMs, this.#options.clocks.agreed(now))),
    });
  }

  #beforeJump(logId: LogId): Pick<RetentionPolicy, 'beforeJump'> {
    const [to, timestamp] = [this.#jumpedAt.get(logId), this.#jumpedTo];
    if (to === undefined || timestamp === undefined) return {};
    return { beforeJump: { from: this.#startedAt.get(logId) ?? offset(0), to, timestamp } };
  }
}
