import { offset, type LogId } from '../base/brand.ts';
import type { SegmentInfo } from '../ports/recovered-log.ts';
import type { ClusterState } from './cluster/cluster-state.ts';
import { chooseDrops, type DroppableLog } from './drop-choice.ts';
import type { Effect } from './effect.ts';
import type { Drops } from './forward/drops.ts';
import type { ForwardLedger } from './forward/forward-ledger.ts';
import type { Partition } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';

export interface RoomPlannerOptions {
  /** `disk.whenFull: dropOldest`; else a full disk waits. */
  readonly dropsOldest: boolean;
  readonly cluster: ClusterState;
  readonly partitions: PartitionTable;
  readonly ledger: ForwardLedger;
  readonly drops: Drops;
  readonly emit: (effect: Effect) => void;
}

/** One drop frees at least this part of the budget: a drop for each batch would wear the card. */
const freedShare = 16;

/** Makes room on a full disk with whole segments, the oldest ones, if the config says so (L10). */
export class RoomPlanner {
  readonly #options: RoomPlannerOptions;
  #wantedBytes = 0;

  constructor(options: RoomPlannerOptions) {
    this.#options = options;
  }

  /** The node is full: said again until it is not. A drop that is under way is waited for. */
  filled(missingBytes: number, budgetBytes: number): void {
    const { dropsOldest, drops, emit } = this.#options;
    if (!dropsOldest || drops.areUnderWay || this.#wantedBytes > 0) return;
    this.#wantedBytes = missingBytes + Math.floor(budgetBytes / freedShare);
    emit({ type: 'ListSegments' });
  }

  listed(
    lists: readonly { readonly logId: LogId; readonly segments: readonly SegmentInfo[] }[],
  ): void {
    const wanted = this.#wantedBytes;
    this.#wantedBytes = 0;
    const logs: DroppableLog[] = [];
    for (const { logId, segments } of lists) {
      const partition = this.#dataPartition(logId);
      if (partition !== undefined) logs.push(this.#droppable(partition, segments));
    }
    const chosen = chooseDrops(logs, wanted);
    for (const [logId, to] of chosen) {
      const partition = this.#dataPartition(logId);
      if (partition !== undefined) this.#options.drops.begin(partition, to, 'diskFull');
    }
    if (chosen.size === 0) this.#sealLargest(logs);
  }

  /**
   * Everything lies in active segments: the largest one is sealed, to go next. If that was ordered
   * before, it has found no room itself.
   */
  #sealLargest(logs: readonly DroppableLog[]): void {
    const bytesOf = ({ segments }: DroppableLog): number => segments.at(-1)?.bytes ?? 0;
    const largest = logs
      .filter((log) => bytesOf(log) > 0 && (log.segments.at(-1)?.maxTimestamp ?? -1) >= 0)
      .sort((a, b) => bytesOf(b) - bytesOf(a));
    for (const { logId } of largest) {
      const partition = this.#dataPartition(logId);
      if (partition?.isAllPersisted !== true) continue;
      if (partition.roll()) return;
      break;
    }
    if (largest.length > 0) this.#options.emit({ type: 'LendReserve' });
  }

  #droppable(partition: Partition, segments: readonly SegmentInfo[]): DroppableLog {
    const { logId, highWatermark: committedTo, topicId, partition: index } = partition;
    const { ledger } = this.#options;
    const last = ledger.isForwarded(partition)
      ? ledger.mark(topicId, index)?.lastForwarded
      : undefined;
    return { logId, forwardedTo: last?.baseOffset ?? offset(0), committedTo, segments };
  }

  /** Internal topics are never dropped. */
  #dataPartition(logId: LogId): Partition | undefined {
    const partition = this.#options.partitions.byLog(logId);
    if (partition === undefined || !partition.isEpochCommitted) return undefined;
    return this.#options.cluster.topic(partition.topic)?.internal === false ? partition : undefined;
  }
}
