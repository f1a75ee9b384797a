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

/** Where central's cursor stands, or may stand. */
export interface ForwardStand {
  readonly forwardOffset: Offset;
  /** Absent after the first claim, before the first batch. */
  readonly lastForwarded?: BatchIdentity;
}

/**
 * What the node remembers of a partition's forwarding: the bound of retention, never the place to
 * resume (X3, X4).
 */
export interface ForwardMark extends ForwardStand {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly centralClusterId: string;
  /** Of the edge leader whose forwarder learned it: of two marks the one of the higher is newer. */
  readonly leaderEpoch?: LeaderEpoch;
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

/** A partition that the node leads; others are their leaders' to forward (X2). */
export interface ForwardPartition {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  /** The node's LeaderChange of it is committed. */
  readonly leaderEpoch: LeaderEpoch;
  /** Others vote too, so another one may have led since. */
  readonly hasPeers: boolean;
  readonly mark?: ForwardMark;
  readonly drops: readonly DropRecord[];
  readonly decision?: ForwardDecision;
  /** Where an operator's word cut this log (V5): what was forwarded behind it is not in it. */
  readonly cuts?: readonly PromotionCut[];
}

/** A promotion of the log's present owner. */
export interface PromotionCut {
  readonly cutOffset: Offset;
  /** Cursors of before were written in earlier ones. */
  readonly leaderEpoch: LeaderEpoch;
  /** Of the last batch in front of the cut. */
  readonly lastEpoch: LeaderEpoch;
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

/**
 * Asked before each transaction: may the cursor move to `attempt`? Its outcome may stay unknown for
 * days, and a drop must name the batch that the cursor names then (L10, X1).
 */
export interface ForwardAsk {
  readonly type: 'ForwardAsked';
  readonly askId: number;
  readonly attempt: ForwardMark;
  /** The first offset that it takes from the log; of a claim, where forwarding resumes. */
  readonly from: Offset;
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
  | { readonly type: 'ForwardAnswered'; readonly askId: number; readonly isAllowed: boolean }
  | { readonly type: 'StopRequested' };

export type ForwarderToNode =
  | { readonly type: 'ForwarderReady' }
  | ForwardAsk
  | { readonly type: 'ForwardProgressed'; readonly mark: ForwardMark }
  | { readonly type: 'ForwardStatusChanged'; readonly statuses: readonly ForwardStatus[] }
  | {
      readonly type: 'ForwardDecisionApplied';
      readonly topicId: Uuid;
      readonly partition: number;
      readonly decisionId: string;
    };
