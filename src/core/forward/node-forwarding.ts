import { uuid, type Uuid } from '../../base/brand.ts';
import { utf8Encode } from '../../base/bytes.ts';
import type { Random } from '../../ports/random.ts';
import { encodeDrop, type DropValue } from '../../wire/state/state-codec.ts';
import { clusterKeys, type ClusterState } from '../cluster/cluster-state.ts';
import type { InternalTopic } from '../cluster/internal-topic.ts';
import type { Effect } from '../effect.ts';
import type { Event } from '../event.ts';
import type { PartitionTable } from '../partition-table.ts';
import { ForwardDecisions } from './forward-decisions.ts';
import { ForwardLedger } from './forward-ledger.ts';
import type { ForwardMark } from './supervision.ts';

export interface NodeForwardingOptions {
  /** Topics that a forward route names. */
  readonly forwardedTopics: readonly string[];
  readonly cluster: ClusterState;
  readonly partitions: PartitionTable;
  /** `__cluster`; undefined until it is replayed. */
  readonly log: () => InternalTopic | undefined;
  readonly random: Random;
  readonly emit: (effect: Effect) => void;
}

/**
 * The node's side of forwarding: what the forwarder told it (`ledger`), what it must commit for it
 * in `__cluster`, and what the forwarder must know.
 */
export class NodeForwarding {
  readonly ledger: ForwardLedger;
  readonly #options: NodeForwardingOptions;
  readonly #decisions: ForwardDecisions;

  constructor(options: NodeForwardingOptions) {
    this.#options = options;
    const { forwardedTopics, cluster, partitions } = options;
    this.ledger = new ForwardLedger(forwardedTopics, cluster, partitions);
    this.#decisions = new ForwardDecisions(options);
  }

  /** Tells the forwarder of every partition that a route names. */
  describe(): void {
    if (!this.ledger.isForwarding) return;
    this.#options.emit({
      type: 'DescribeForwardPartitions',
      partitions: this.ledger.describe(),
    });
  }

  /** X4: central has everything below the mark; drops that it passed are told there (X5). */
  progressed(mark: ForwardMark): void {
    if (!this.ledger.progressed(mark)) return;
    this.#options.emit({ type: 'StoreForwardMark', mark });
    const { topicId, partition } = mark;
    const changes = this.ledger.passedDrops(mark).map((from) => ({
      key: utf8Encode(clusterKeys.drop(topicId, partition, from)),
      value: undefined,
    }));
    if (changes.length > 0) this.#options.log()?.commit(changes, () => undefined);
    const missing = this.ledger.missingDrop(topicId, partition);
    if (missing !== undefined) this.commitDrop(missing, () => undefined);
  }

  /** L10: committed before the log start moves past what central may still compare with. */
  commitDrop(drop: DropValue, done: () => void): void {
    const topicId = uuid(drop.topicId);
    const keyOf = (from: number) =>
      utf8Encode(clusterKeys.drop(drop.topicId, drop.partition, from));
    // What an older one told was jumped, or is in this one.
    const older = this.#options.cluster
      .drops(topicId, drop.partition)
      .filter(({ from }) => from !== drop.from)
      .map(({ from }) => ({ key: keyOf(from), value: undefined }));
    const changes = [{ key: keyOf(drop.from), value: encodeDrop(drop) }, ...older];
    this.#options.log()?.commit(changes, () => {
      const missing = this.ledger.missingDrop(topicId, drop.partition);
      if (missing !== undefined) return this.commitDrop(missing, done);
      this.describe();
      return done();
    });
  }

  /** An operator's `forward --from` (X1). */
  decided(event: Extract<Event, { type: 'ForwardDecided' }>): void {
    this.#decisions.decide(event, (answer) => {
      this.#options.emit({ type: 'AnswerAdmin', requestId: event.requestId, answer });
      if (answer.ok) this.describe();
    });
  }

  decisionApplied(event: Extract<Event, { type: 'ForwardDecisionApplied' }>): void {
    this.#decisions.applied(event.topicId as Uuid, event.partition, event.decisionId);
  }
}
