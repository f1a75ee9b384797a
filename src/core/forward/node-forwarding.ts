import type { LeaderEpoch, LogId, MonotonicMs, Uuid } from '../../base/brand.ts';
import type { Random } from '../../ports/random.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { InternalTopic } from '../cluster/internal-topic.ts';
import type { Effect } from '../effect.ts';
import type { Event } from '../event.ts';
import type { Now } from '../now.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import { Drops } from './drops.ts';
import { ForwardDecisions, type AppliedDecision } from './forward-decisions.ts';
import { ForwardLedger } from './forward-ledger.ts';
import { isReplicated, MarkCommits } from './mark-commits.ts';
import type { ForwardMark } from './supervision.ts';

export type ForwardEvent = Extract<
  Event,
  {
    type:
      | 'RecordsCounted'
      | 'ForwardAsked'
      | 'ForwardAttemptStored'
      | 'ForwardProgressed'
      | 'ForwardDecided'
      | 'ForwardDecisionApplied';
  }
>;

export interface NodeForwardingOptions {
  /** Topics that a forward route names. */
  readonly forwardedTopics: readonly string[];
  /** `disk.whenFull: dropOldest`: a full disk may take what is not forwarded. */
  readonly dropsOldest: boolean;
  readonly cluster: ClusterState;
  readonly partitions: PartitionTable;
  /** `__cluster`; undefined until it is replayed. */
  readonly log: () => InternalTopic | undefined;
  readonly random: Random;
  /** Of the step that is running. */
  readonly now: () => Now;
  readonly emit: (effect: Effect) => void;
}

/**
 * The node's side of forwarding: what the forwarder told it (`ledger`), what it must commit for it
 * in `__cluster`, and what the forwarder must know.
 */
export class NodeForwarding {
  readonly ledger: ForwardLedger;
  readonly drops: Drops;
  readonly #options: NodeForwardingOptions;
  readonly #decisions: ForwardDecisions;
  readonly #commits: MarkCommits;
  /** The leader epoch in which each partition was led here last, its LeaderChange committed. */
  readonly #ledIn = new Map<LogId, LeaderEpoch>();
  #isStarted = false;
  #isDescribed = false;

  constructor(options: NodeForwardingOptions) {
    this.#options = options;
    const { forwardedTopics, cluster, partitions } = options;
    this.ledger = new ForwardLedger(forwardedTopics, cluster, partitions);
    const { log, emit } = options;
    const committed = (): void => this.#describe();
    this.drops = new Drops({ cluster, partitions, ledger: this.ledger, log, committed, emit });
    this.#decisions = new ForwardDecisions(options);
    const nowMs = (): MonotonicMs => options.now().monotonicMs;
    this.#commits = new MarkCommits({ cluster, log, nowMs, ledger: this.ledger });
  }

  heard(event: ForwardEvent): void {
    switch (event.type) {
      case 'RecordsCounted':
        return this.drops.counted(event.logId, event.counts);
      case 'ForwardAsked':
        return this.#asked(event);
      case 'ForwardAttemptStored':
        return this.#answer(event.askId, true);
      case 'ForwardProgressed':
        return this.#progressed(event.mark);
      case 'ForwardDecided':
        return this.#decided(event);
      case 'ForwardDecisionApplied':
        return this.#applied({ ...event, topicId: event.topicId as Uuid });
    }
  }

  /** The node is ready. */
  start(): void {
    this.#isStarted = true;
    this.drops.resume();
  }

  /** A high watermark moved: here leadership begins to count (C2, X1). */
  highWatermarkMoved(partition: Partition): void {
    if (!partition.isEpochCommitted) return;
    if (this.#ledIn.get(partition.logId) === partition.leaderEpoch) return;
    this.#ledIn.set(partition.logId, partition.leaderEpoch);
    this.#isDescribed = false;
    if (this.#isStarted) this.drops.resumeOf(partition);
  }

  /** What this node does not lead any more its forwarder leaves alone (X2), and so do drops. */
  leaderChanged(partition: Partition): void {
    if (partition.isLeader) return;
    this.drops.resigned(partition);
    this.#commits.resigned(partition);
    this.#isDescribed = false;
  }

  /** A committed topic, drop or decision is another one than the forwarder knows. */
  stateChanged(): void {
    this.#isDescribed = false;
  }

  nextDeadline(): number | undefined {
    return this.#commits.nextDeadline();
  }

  tick(now: Now): void {
    this.#commits.tick(now.monotonicMs);
  }

  /** At the end of a step: one description for all that changed in it. */
  describeChanged(): void {
    if (!this.#isDescribed && this.#isStarted) this.#describe();
  }

  /** Tells the forwarder of every partition that is its to forward. */
  #describe(): void {
    this.#isDescribed = true;
    if (!this.ledger.isForwarding) return;
    this.#options.emit({
      type: 'DescribeForwardPartitions',
      partitions: this.ledger.describe(),
    });
  }

  /**
   * A transaction is about to begin. Where its outcome can matter to a drop it is durable first,
   * together with the mark that it would replace: central's cursor is one of the two. Where another
   * node may lead next it is committed for that one too, and so is the first mark of each central.
   * Elsewhere it is kept for the next start: an operator may turn from `block` to `dropOldest` on a
   * full disk.
   */
  #asked({ askId, attempt, from }: Extract<Event, { type: 'ForwardAsked' }>): void {
    const partition = this.ledger.partitionOf(attempt);
    if (partition === undefined || !this.drops.mayForward(partition, from)) {
      return this.#answer(askId, false);
    }
    this.ledger.attempted(attempt);
    const isData = attempt.lastForwarded !== undefined;
    const isFirst = isData && !this.ledger.isKnownToAll(attempt);
    const mustAllKnow = isReplicated(partition) && (isFirst || this.#mayDrop(partition));
    if (!mustAllKnow) return this.#store(partition, askId, attempt);
    const log = this.#options.log();
    if (log === undefined) return this.#answer(askId, false);
    // For as long as `__cluster` has no leader: the forwarder says meanwhile that it waits.
    log.commit(this.#commits.changes(partition), () => {
      const mayBegin = this.drops.mayForward(partition, from) && this.ledger.isNewest(attempt);
      if (mayBegin) this.#store(partition, askId, attempt);
      else this.#answer(askId, false);
    });
  }

  #store(partition: Partition, askId: number, attempt: ForwardMark): void {
    if (!this.#mayDrop(partition)) {
      this.#options.emit({ type: 'NoteForwardAttempt', attempt });
      return this.#answer(askId, true);
    }
    const mark = this.ledger.mark(attempt.topicId, attempt.partition);
    const before = mark === undefined ? {} : { mark };
    this.#options.emit({ type: 'StoreForwardAttempt', askId, attempt, ...before });
  }

  #answer(askId: number, isAllowed: boolean): void {
    this.#options.emit({ type: 'AnswerForwarder', askId, isAllowed });
  }

  /** X4: central has everything below the mark; drops that it passed are told there (X5). */
  #progressed(mark: ForwardMark): void {
    const partition = this.ledger.partitionOf(mark);
    if (partition === undefined) return;
    // Of a transaction that was open when another node was elected: that one reads the cursor.
    if (!partition.isEpochCommitted) return;
    this.drops.settle(partition, mark);
    this.ledger.progressed(mark);
    this.#commits.progressed(partition);
    this.#options.emit({ type: 'StoreForwardMark', mark });
  }

  #mayDrop({ topic }: Partition): boolean {
    const { cluster, dropsOldest } = this.#options;
    return dropsOldest || cluster.topic(topic)?.keepUnforwarded !== true;
  }

  #applied(decision: AppliedDecision): void {
    const topic = this.#options.cluster.topicById(decision.topicId);
    const { partitions } = this.#options;
    const partition =
      topic && partitions.findById(topic.name, decision.topicId, decision.partition);
    const isLed = partition?.isEpochCommitted === true;
    this.#decisions.applied(decision, isLed ? this.#commits.changes(partition) : []);
  }

  /** An operator's `forward --from` (X1). */
  #decided(event: Extract<Event, { type: 'ForwardDecided' }>): void {
    this.#decisions.decide(event, (answer) => {
      this.#options.emit({ type: 'AnswerAdmin', requestId: event.requestId, answer });
    });
  }
}
