import type {
  ConnectionId,
  LeaderEpoch,
  LogGeneration,
  LogId,
  Offset,
  TimestampMs,
  Uuid,
} from '../base/brand.ts';
import type { TelemetryFields, TelemetryLevel } from '../ports/telemetry.ts';
import type { LedStatus } from './cluster-status.ts';
import type { PromotionPlan } from './cluster/planned-promotion.ts';
import type { ForwardMark, ForwardPartition } from './forward/supervision.ts';
import type { StorageEffect } from './storage-orders.ts';
import type { PeerEffect } from './peer/peer-transport.ts';
import type { ViewChange, ViewEntry } from '../ports/state-view.ts';

/** A vote, or the leader epoch that a lone voter takes (C1). Durable before `VotesPersisted`. */
export interface VoteRecord {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly leaderEpoch: LeaderEpoch;
  /** Directory id voted for. */
  readonly votedFor: Uuid;
}

/** Whose PUBLISHes stay unread. */
export type HeldPublishers = 'none' | 'acknowledged' | 'all';

export interface RetentionPolicy {
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** Nothing at or above this offset may go (L10); undefined: nothing may go at all. */
  readonly deletableTo: Offset | undefined;
  /** Records that are no older than the clock's jump, whatever their timestamps say. */
  readonly beforeJump?: {
    readonly from: Offset;
    readonly to: Offset;
    readonly timestamp: TimestampMs;
  };
}

/**
 * Orders to the world. Contract of whoever runs them (DESIGN 3): for one log, in order, none
 * dropped or merged; fsyncs after the writes of a turn, in parallel over files, one in flight for
 * each file; results as events.
 */
export type Effect =
  | StorageEffect
  | PeerEffect
  | { readonly type: 'PersistVotes'; readonly votes: readonly VoteRecord[] }
  | {
      readonly type: 'CreateLog';
      readonly topic: string;
      readonly topicId: Uuid;
      readonly partition: number;
    }
  /**
   * Batches with base offset and leader epoch set, contiguous with the log end. Answered by
   * BatchPersisted.
   */
  | {
      readonly type: 'AppendBatch';
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly batch: Uint8Array;
      readonly endOffset: Offset;
    }
  /**
   * Seals the active segment; the next append opens a new one. The snapshot speaks of the state
   * before it.
   */
  | { readonly type: 'RollLog'; readonly logId: LogId; readonly producerSnapshot: Uint8Array }
  /** Journal first, then unlink (L3). Answered by LogStartAdvanced. */
  | { readonly type: 'AdvanceLogStart'; readonly logId: LogId; readonly offset: Offset }
  /** Answered by RetentionProposed if the policy lets a segment go. */
  | {
      readonly type: 'CheckRetention';
      readonly logId: LogId;
      readonly policy: RetentionPolicy;
      readonly nowMs: TimestampMs;
    }
  /**
   * How many records, control batches left out, lie from each of the places up to `to`. Answered by
   * RecordsCounted.
   */
  | {
      readonly type: 'CountRecords';
      readonly logId: LogId;
      readonly froms: readonly Offset[];
      readonly to: Offset;
    }
  | {
      readonly type: 'ReadLog';
      readonly readId: number;
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly from: Offset;
      readonly to: Offset;
      readonly bytesMax: number;
      /** For what a full disk has not taken yet it waits; others are told what there is. */
      readonly waitsForRoom?: boolean;
    }
  | {
      readonly type: 'FindOffset';
      readonly readId: number;
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly timestamp: TimestampMs;
      readonly to: Offset;
    }
  | {
      readonly type: 'SendBytes';
      readonly connection: ConnectionId;
      readonly chunks: readonly Uint8Array[];
    }
  | {
      readonly type: 'CloseConnection';
      readonly connection: ConnectionId;
      readonly reason: string;
      /** At once, with what the peer has not taken. */
      readonly isAbrupt: boolean;
    }
  | { readonly type: 'PauseReading'; readonly connection: ConnectionId }
  | { readonly type: 'ResumeReading'; readonly connection: ConnectionId }
  /**
   * Publishers of every connection are held, or let go again. `acknowledged`: those of QoS 1 and 2
   * alone, for a full disk takes no QoS 0 anyway.
   */
  | { readonly type: 'HoldPublishers'; readonly held: HeldPublishers }
  /** All logs, answered by SegmentsListed. */
  | { readonly type: 'ListSegments' }
  /** What waits for room may use the reserve, too (L9): nothing can be dropped before it. */
  | { readonly type: 'LendReserve' }
  /** The MQTT front end may go on with these, in this order (C5). */
  | { readonly type: 'ReleasePublishes'; readonly publishIds: readonly number[] }
  /** Never acknowledge; the connection is closed (P3, P5). */
  | {
      readonly type: 'RejectPublish';
      readonly publishId: number;
      readonly closeConnection: boolean;
      readonly reason: string;
    }
  | {
      readonly type: 'OpenSessionAnswered';
      readonly requestId: number;
      readonly openIdentifiers: readonly number[];
      /** What the front end remembers of the session holds: no other node had it meanwhile. */
      readonly isResumed: boolean;
    }
  /** The client is connected elsewhere, or its CONNECT cannot be answered. */
  | {
      readonly type: 'CloseSession';
      readonly connection: ConnectionId;
      readonly clientId: string;
      readonly reason: string;
    }
  /** After a replay: the view becomes exactly these entries. */
  | {
      readonly type: 'ReplaceView';
      readonly topic: string;
      readonly entries: readonly ViewEntry[];
      readonly nextOffset: Offset;
    }
  | {
      readonly type: 'UpdateView';
      readonly topic: string;
      readonly changes: readonly ViewChange[];
      readonly nextOffset: Offset;
    }
  | { readonly type: 'StoreForwardMark'; readonly mark: ForwardMark }
  /** Both durable in one step, then ForwardAttemptStored. */
  | {
      readonly type: 'StoreForwardAttempt';
      readonly askId: number;
      readonly attempt: ForwardMark;
      readonly mark?: ForwardMark;
    }
  /** The same where nothing may be dropped now: a clean stop is early enough to store it. */
  | { readonly type: 'NoteForwardAttempt'; readonly attempt: ForwardMark }
  | { readonly type: 'AnswerForwarder'; readonly askId: number; readonly isAllowed: boolean }
  | { readonly type: 'DescribeForwardPartitions'; readonly partitions: readonly ForwardPartition[] }
  | {
      readonly type: 'Print';
      readonly level: TelemetryLevel;
      readonly text: string;
      readonly fields?: TelemetryFields;
    }
  | {
      readonly type: 'AnswerCluster';
      readonly requestId: number;
      readonly led: readonly LedStatus[];
    }
  | { readonly type: 'AnswerAdmin'; readonly requestId: number; readonly answer: AdminAnswer }
  | { readonly type: 'BecomeReady' }
  /** The answer to StopRequested: the listeners may close, others lead what this node led. */
  | { readonly type: 'FinishStop' }
  /** The node cannot go on and must not guess: it stops with this text. */
  | { readonly type: 'StopNode'; readonly text: string; readonly isDiskFault?: true };

export type AdminAnswer =
  | { readonly ok: true; readonly promotion?: PromotionPlan }
  | { readonly ok: false; readonly text: string };
