import type { Offset, Uuid } from '../../base/brand.ts';
import { uuid } from '../../base/brand.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import { isOfCutLog } from './promotion-cuts.ts';
import type { ForwardMark, ForwardPartition, PromotionCut } from './supervision.ts';

/**
 * The node's side of forwarding: what the forwarder told it last about each partition. That bounds
 * retention (L10, X4); it never says where forwarding resumes (X3).
 */
export class ForwardLedger {
  readonly #topics: ReadonlySet<string>;
  readonly #cluster: ClusterState;
  readonly #partitions: PartitionTable;
  readonly #marks = new Map<string, ForwardMark>();
  /** Transactions that may have been committed: their outcome is not known here. */
  readonly #attempts = new Map<string, ForwardMark>();

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

  /** @param attempts the newest one of each partition, whose outcome is unknown. */
  restore(marks: readonly ForwardMark[], attempts: readonly ForwardMark[]): void {
    for (const mark of marks) this.#marks.set(markKey(mark.topicId, mark.partition), mark);
    for (const one of attempts) this.#attempts.set(markKey(one.topicId, one.partition), one);
  }

  /** Whether a forward route names the partition's topic. */
  isForwarded(partition: Partition): boolean {
    return this.#topics.has(partition.topic);
  }

  /** The partition of a mark, while it is here. */
  partitionOf({ topicId, partition }: ForwardMark): Partition | undefined {
    const topic = this.#cluster.topicById(topicId);
    return topic && this.#partitions.findById(topic.name, topicId, partition);
  }

  /** A transaction that would move central's cursor to `mark` is about to begin. */
  attempted(mark: ForwardMark): void {
    this.#attempts.set(markKey(mark.topicId, mark.partition), mark);
  }

  /** Nobody has asked for another one since, and nothing was told of it. */
  isNewest(attempt: ForwardMark): boolean {
    return this.#attempts.get(markKey(attempt.topicId, attempt.partition)) === attempt;
  }

  /**
   * The two places where central's cursor may stand, as whoever led last knew them: this node, or
   * another one that has committed it in a later leader epoch (X4).
   */
  stands(topicId: Uuid, partition: number): Stands {
    const key = markKey(topicId, partition);
    const own = { mark: this.#marks.get(key), attempt: this.#attempts.get(key) };
    const told = this.#cluster.forwarded(topicId, partition);
    if (told === undefined) return own;
    const { mark, attempt } = told;
    if (epochOf(own) < epochOf({ mark, attempt })) return { mark, attempt };
    return { mark: own.mark ?? mark, attempt: own.attempt };
  }

  /**
   * Any node that leads it next would know that it was forwarded there (X1): a lost cursor is no
   * first start.
   */
  isKnownToAll({ topicId, partition, centralClusterId }: ForwardMark): boolean {
    const told = this.#cluster.forwarded(topicId, partition)?.mark;
    return told?.centralClusterId === centralClusterId;
  }

  /** @returns false for a mark of a topic that this node does not have. */
  progressed(mark: ForwardMark): boolean {
    if (this.#cluster.topicById(mark.topicId) === undefined) return false;
    const key = markKey(mark.topicId, mark.partition);
    this.#marks.set(key, mark);
    this.#attempts.delete(key);
    return true;
  }

  mark(topicId: Uuid, partition: number): ForwardMark | undefined {
    return this.stands(topicId, partition).mark;
  }

  /**
   * L10: nothing at or above this offset may be deleted; undefined: nothing at all. The last
   * forwarded batch stays, it is what a taking over forwarder is compared with (X1).
   */
  deletableTo(partition: Partition): Offset | undefined {
    const topic = this.#cluster.topic(partition.topic);
    const waits = topic?.keepUnforwarded === true && this.#topics.has(partition.topic);
    if (!waits) return partition.highWatermark;
    // It may go back: until the cursor carries it out, the place is unknown.
    if (this.#cluster.decision(uuid(partition.topicId), partition.partition)) return undefined;
    const mark = this.mark(partition.topicId, partition.partition);
    if (mark !== undefined && isOfCutLog(mark, this.#cutsOf(partition))) return undefined;
    return mark?.lastForwarded?.baseOffset;
  }

  /**
   * What the forwarder must know of each partition that a route names and that this node leads, as
   * soon as its LeaderChange is committed (X1, X2).
   */
  describe(): ForwardPartition[] {
    const described: ForwardPartition[] = [];
    for (const partition of this.#partitions) {
      if (!this.#topics.has(partition.topic) || !partition.isEpochCommitted) continue;
      const topicId = uuid(partition.topicId);
      const mark = this.mark(topicId, partition.partition);
      const decision = this.#cluster.decision(topicId, partition.partition);
      described.push({
        topic: partition.topic,
        topicId,
        partition: partition.partition,
        leaderEpoch: partition.leaderEpoch,
        hasPeers: (partition.voters?.voters.length ?? 1) > 1,
        drops: this.#cluster.drops(topicId, partition.partition),
        cuts: this.#cutsOf(partition),
        ...(mark === undefined ? {} : { mark }),
        ...(decision === undefined ? {} : { decision }),
      });
    }
    return described;
  }

  #cutsOf({ topicId, partition }: Partition): PromotionCut[] {
    return this.#cluster.promotions
      .of(topicId, partition)
      .map(({ cutOffset, leaderEpoch, lastEpoch }) => ({ cutOffset, leaderEpoch, lastEpoch }));
  }
}

interface Stands {
  readonly mark: ForwardMark | undefined;
  readonly attempt: ForwardMark | undefined;
}

const epochOf = ({ mark, attempt }: Stands): number =>
  Math.max(mark?.leaderEpoch ?? 0, attempt?.leaderEpoch ?? 0);

const markKey = (topicId: Uuid, partition: number): string => `${topicId}/${partition}`;
