import type { ClusterStatus, FollowerStatus, LedStatus } from './cluster-status.ts';
import type { ForwardState } from './forward/supervision.ts';

/**
 * What `status --json` and `/api/v1/status` show (DESIGN 2). Plain JSON: offsets are numbers, ids
 * are text.
 */
export interface NodeStatus {
  readonly health: 'ok' | 'degraded' | 'failing';
  readonly node: { readonly id: number; readonly version: string; readonly clusterId: string };
  /** Absent: a cluster of one. */
  readonly cluster?: ClusterStatus;
  /** Those that operators and clients make, as the cluster has them. */
  readonly topics: readonly TopicStatus[];
  readonly partitions: readonly PartitionStatus[];
  readonly mqtt: { readonly connections: number };
  /**
   * The wall clock: `unset` before 2025; a jump is worth an alarm for an hour; `apart`: minutes or
   * more from those of the other nodes.
   */
  readonly clock: {
    readonly state: 'ok' | 'unset' | 'jumped' | 'apart';
    /** Ahead of the other nodes' clocks, or (negative) behind; absent: about right. */
    readonly apartMs?: number;
    readonly jumps: number;
    readonly lastJumpMs: number;
  };
  readonly disk: {
    readonly usedBytes: number;
    readonly budgetBytes: number;
    /** Over the life of the data directory: taken by drops before central had them. */
    readonly droppedRecords: number;
    /** Since the start: QoS 0 publishes that came while the disk was full. */
    readonly droppedQos0: number;
  };
  /** Offsets [from, to) that rot has taken; a Fetch jumps them. */
  readonly damaged: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly from: number;
    readonly to: number;
    readonly reason: string;
  }[];
  readonly forward: readonly ForwardPartitionStatus[];
}

/** What a topic is to be; the words are the config's. */
export interface TopicStatus {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: number;
  readonly replicas: number | 'auto';
  readonly minInsyncReplicas: number | 'auto';
  readonly retentionMs: number | 'unlimited';
  readonly retentionBytes: number | 'unlimited';
  readonly keepUnforwarded: boolean;
}

/** A partition as this node knows it, or as its leader has told. */
export interface PartitionStatus extends Omit<LedStatus, 'leader' | 'followers'> {
  /** `none`: only other nodes keep it. */
  readonly role: 'leader' | 'follower' | 'candidate' | 'witness' | 'observer' | 'offline' | 'none';
  /** Node id; undefined while there is none. */
  readonly leader?: number;
  /** The other replicas, as their leader sees them; absent where it was not reached. */
  readonly followers?: readonly FollowerStatus[];
}

export interface ForwardPartitionStatus {
  readonly topic: string;
  readonly partition: number;
  readonly state: ForwardState;
  readonly forwardOffset?: number;
  readonly lag?: number;
  readonly lastError?: string;
}
