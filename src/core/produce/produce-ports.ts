import type { MonotonicMs, Uuid } from '../../base/brand.ts';
import type { ProduceOutcome } from '../kafka/broker-view.ts';

export interface ProduceTarget {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
}

/** The partition on this node. After a resignation its `done`s get NOT_LEADER_OR_FOLLOWER (C5). */
export interface LocalLeader {
  readonly isLeader: boolean;
  /** Stamps base offset and leader epoch into the batch and keeps it. */
  produce(batch: Uint8Array, done: (outcome: ProduceOutcome) => void): void;
  /** The same, under a session's triple (P5): an unknown producer begins at sequence 0. */
  produceOfSession(batch: Uint8Array, done: (outcome: ProduceOutcome) => void): void;
}

/** `unknown`: the link broke before the answer. */
export type SendOutcome = ProduceOutcome | 'unknown';

export interface ProducePorts {
  readonly nodeId: number;
  local(target: ProduceTarget): LocalLeader | undefined;
  /** The node that leads it, as far as this one knows; its own id counts only with `local`. */
  leaderOf(target: ProduceTarget): number | undefined;
  /** One Produce on the link to that node; answered once, in whatever order. */
  send(
    nodeId: number,
    produce: ProduceTarget & { readonly batch: Uint8Array },
    done: (outcome: SendOutcome) => void,
  ): void;
  /** An id that nobody has or had (P4); undefined: none is at hand. */
  allocateProducerId(): bigint | undefined;
  now(): MonotonicMs;
}
