import type { Offset, Uuid } from '../../base/brand.ts';
import { offset, uuid } from '../../base/brand.ts';
import type { DropValue } from '../../wire/state/state-codec.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import type { BatchIdentity, ForwardMark, ForwardPartition } from './supervision.ts';

/**
 * The node's side of forwarding: what the forwarder told it last about each partition. That bounds
 * retention (L10, X4); it never says where forwarding resumes (X3).
 */
export class ForwardLedger {
  readonly #topics: ReadonlySet<string>;
  readonly #cluster: ClusterState;
  readonly #partitions: PartitionTable;
  readonly #marks = new Map<string, ForwardMark>();

  constructor(
    forwardedTopics: readonly string[],
    cluster: ClusterState,
    partitions: PartitionTable,
  ) {
    this.#topics = new Set(forwardedTopics);
    this.#cluster = cluster;
    this.#partitions = partitions;
  }

  get isForwarding(): boolean {
    return this.#topics.size > 0;
  }

  restore(marks: readonly ForwardMark[]): void {
    for (const mark of marks) this.#marks.set(markKey(mark.topicId, mark.partition), mark);
  }

  /** @returns false for a mark of a topic that this node does not have. */
  progressed(mark: ForwardMark): boolean {
    if (this.#cluster.topicById(mark.topicId) === undefined) return false;
    this.#marks.set(markKey(mark.topicId, mark.partition), mark);
    return true;
  }

  mark(topicId: Uuid, partition: number): ForwardMark | undefined {
    return this.#marks.get(markKey(topicId, partition));
  }

  /**
   * L10: nothing at or above this offset may be deleted; undefined: nothing at all. The last
   * forwarded batch stays, it is what a taking over forwarder is compared with (X1).
   */
  deletableTo(partition: Partition): Offset | undefined {
    const topic = this.#cluster.topic(partition.topic);
    const waits = topic?.keepUnforwarded === true && this.#topics.has(partition.topic);
    if (!waits) return partition.highWatermark;
    return this.mark(partition.topicId, partition.partition)?.lastForwarded?.baseOffset;
  }

  /**
   * The drop that must be committed before the log start may move to `to` (L10): without it a
   * forwarder that takes over could not tell a deleted batch from a foreign log (X1). Undefined
   * where nothing forwarded is passed.
   */
  dropBefore(partition: Partition, to: Offset): DropValue | undefined {
    if (!this.#topics.has(partition.topic)) return undefined;
    const mark = this.mark(partition.topicId, partition.partition);
    if (mark === undefined || to <= (mark.lastForwarded?.baseOffset ?? mark.forwardOffset)) {
      return undefined;
    }
    const from = Math.min(mark.forwardOffset, to);
    return {
      topicId: partition.topicId,
      partition: partition.partition,
      from,
      to,
      reason: 'retention',
      count: to - from,
      lastForwarded: mark.lastForwarded,
    };
  }

  /**
   * The drop to commit because no committed one names what was forwarded last, although the log
   * start passed it or is about to: records were forwarded while a drop was on its way. Without it
   * that batch could not be told from one of a foreign log (X1).
   */
  missingDrop(topicId: Uuid, index: number): DropValue | undefined {
    const topic = this.#cluster.topicById(topicId);
    const partition = topic && this.#partitions.findById(topic.name, topicId, index);
    if (partition === undefined) return undefined;
    const last = this.mark(topicId, index)?.lastForwarded;
    const drops = this.#cluster.drops(topicId, index);
    if (drops.some((drop) => isSameBatch(drop.lastForwarded, last))) return undefined;
    const to = Math.max(partition.logStartOffset, ...drops.map((drop) => drop.to));
    return this.dropBefore(partition, offset(to));
  }

  /**
   * Drops that central's cursor has passed: their gaps are told there, nobody asks for them any
   * more.
   */
  passedDrops(mark: ForwardMark): Offset[] {
    const passed = mark.lastForwarded?.baseOffset ?? 0;
    return this.#cluster
      .drops(mark.topicId, mark.partition)
      .filter((drop) => drop.to <= passed)
      .map((drop) => drop.from);
  }

  /** What the forwarder must know of each partition that a route names. */
  describe(): ForwardPartition[] {
    const described: ForwardPartition[] = [];
    for (const partition of this.#partitions) {
      if (!this.#topics.has(partition.topic)) continue;
      const topicId = uuid(partition.topicId);
      const mark = this.mark(topicId, partition.partition);
      const decision = this.#cluster.decision(topicId, partition.partition);
      described.push({
        topic: partition.topic,
        topicId,
        partition: partition.partition,
        drops: this.#cluster.drops(topicId, partition.partition),
        ...(mark === undefined ? {} : { mark }),
        ...(decision === undefined ? {} : { decision }),
      });
    }
    return described;
  }
}

const isSameBatch = (a: BatchIdentity | undefined, b: BatchIdentity | undefined): boolean =>
  a?.baseOffset === b?.baseOffset && a?.leaderEpoch === b?.leaderEpoch && a?.crc === b?.crc;

const markKey = (topicId: Uuid, partition: number): string => `${topicId}/${partition}`;
