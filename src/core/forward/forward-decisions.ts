import type { Uuid } from '../../base/brand.ts';
import { utf8Encode } from '../../base/bytes.ts';
import type { Random } from '../../ports/random.ts';
import type { ViewChange } from '../../ports/state-view.ts';
import { encodeForwardDecision } from '../../wire/state/state-codec.ts';
import { clusterKeys, type ClusterState } from '../cluster/cluster-state.ts';
import type { InternalTopic } from '../cluster/internal-topic.ts';
import type { AdminAnswer } from '../effect.ts';

/** What an operator asked for with `forward --from`. */
export interface ForwardRequest {
  readonly topic: string;
  readonly partition: number;
  readonly from: 'cursor' | 'start' | number;
}

/** A decision whose effect central's cursor carries. */
export interface AppliedDecision {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly decisionId: string;
}

export interface ForwardDecisionsOptions {
  readonly cluster: ClusterState;
  /** Topics that a forward route names. */
  readonly forwardedTopics: readonly string[];
  readonly log: () => InternalTopic | undefined;
  readonly random: Random;
}

/**
 * Operators' decisions about where forwarding goes on (X1): recorded in `__cluster` first; the
 * forwarder acts on one when it is committed, and its tombstone follows once the cursor carries its
 * effect.
 */
export class ForwardDecisions {
  readonly #options: ForwardDecisionsOptions;

  constructor(options: ForwardDecisionsOptions) {
    this.#options = options;
  }

  /** `done` when the decision is committed, or at once if it makes no sense. */
  decide(request: ForwardRequest, done: (answer: AdminAnswer) => void): void {
    const { topic, partition, from } = request;
    const known = this.#options.cluster.topic(topic);
    const log = this.#options.log();
    if (known === undefined || partition >= known.partitions || log === undefined) {
      return done({ ok: false, text: `There is no partition ${topic}-${partition} on this node.` });
    }
    if (!this.#options.forwardedTopics.includes(topic)) {
      return done({ ok: false, text: `No forward route of this node names ${topic}.` });
    }
    const key = utf8Encode(clusterKeys.forwardDecision(known.topicId as Uuid, partition));
    const decisionId = this.#options.random.uuid();
    const value = encodeForwardDecision({ decisionId, from: String(from) });
    log.commit([{ key, value }], () => done({ ok: true }));
  }

  /**
   * The cursor carries the decision's effect now: it must not be applied again after the next
   * start. `marks` go with it: the older ones may lie above a cursor that went back (X3).
   */
  applied({ topicId, partition, decisionId }: AppliedDecision, marks: readonly ViewChange[]): void {
    const decision = this.#options.cluster.decision(topicId, partition);
    if (decision?.decisionId !== decisionId) return;
    const key = utf8Encode(clusterKeys.forwardDecision(topicId, partition));
    this.#options.log()?.commit([...marks, { key, value: undefined }], () => undefined);
  }
}
