import type { LeaderEpoch, Offset, Uuid } from '../../base/brand.ts';

/**
 * What the node process and the forwarder process tell each other over IPC. Plain JSON values only;
 * the producer id and other 64-bit things do not cross. The node owns retention, the forwarder owns
 * central (X4).
 */

/** Names one batch beyond doubt (X1). */
export interface BatchIdentity {
  readonly leaderEpoch: LeaderEpoch;
  readonly baseOffset: Offset;
  readonly crc: number;
}

/**
 * What the node remembers of a partition's forwarding: the bound of retention, never the place to
 * resume (X3, X4).
 */
export interface ForwardMark {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly centralClusterId: string;
  readonly forwardOffset: Offset;
  /** Absent after the first claim, before the first batch. */
  readonly lastForwarded?: BatchIdentity;
}

/** A committed drop (L10): offsets [from, to) are gone by policy. */
export interface DropRecord {
  readonly from: Offset;
  readonly to: Offset;
  readonly reason: string;
  readonly count: number;
  readonly lastForwarded?: BatchIdentity;
}

/**
 * An operator's `forward --from`, recorded in `__cluster` (X1). Applied once: the cursor carries
 * its effect.
 */
export interface ForwardDecision {
  readonly decisionId: string;
  readonly from: 'cursor' | 'start' | Offset;
}

export interface ForwardPartition {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly mark?: ForwardMark;
  readonly drops: readonly DropRecord[];
  readonly decision?: ForwardDecision;
}

export type ForwardState = 'idle' | 'sending' | 'waiting' | 'fenced' | 'blocked' | 'stopped';

export interface ForwardStatus {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly state: ForwardState;
  readonly forwardOffset?: Offset;
  /** Offsets between the forward offset and the high watermark. */
  readonly lag?: number;
  readonly lastError?: string;
}

export type NodeToForwarder =
  | {
      readonly type: 'PartitionsDescribed';
      readonly clusterId: Uuid;
      readonly nodeId: number;
      /** host:port of the node's own Kafka listener on loopback. */
      readonly kafka: string;
      readonly partitions: readonly ForwardPartition[];
    }
  | { readonly type: 'StopRequested' };

export type ForwarderToNode =
  | { readonly type: 'ForwarderReady' }
  | { readonly type: 'ForwardProgressed'; readonly mark: ForwardMark }
  | { readonly type: 'ForwardStatusChanged'; readonly statuses: readonly ForwardStatus[] }
  | {
      readonly type: 'ForwardDecisionApplied';
      readonly topicId: Uuid;
      readonly partition: number;
      readonly decisionId: string;
    };
