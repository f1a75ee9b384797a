import type { ConnectionId, LogGeneration, LogId, Offset } from '../base/brand.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { OperatorRequest } from './cluster/operator-request.ts';
import type { RecoveredLog, SegmentInfo } from '../ports/recovered-log.ts';
import type { ForwardAsk, ForwardMark } from './forward/supervision.ts';
import type { FoundOffset } from './kafka/broker-view.ts';
import type { VoteRecord } from './effect.ts';
import type { StorageEvent } from './storage-orders.ts';
import type { PeerEvent } from './peer/peer-transport.ts';

/** One MQTT publish as the front end took it. `payload` is the core's from here on. */
export interface Publish {
  readonly publishId: number;
  readonly connection: ConnectionId;
  readonly clientId: string;
  readonly mqttTopic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** Packet identifier; 0 for QoS 0 and wills. */
  readonly packetId: number;
}

/** A log that was found on disk or just created, open and recovered. */
export interface OpenLog {
  readonly logId: LogId;
  readonly recovered: RecoveredLog;
}

/** What happened in the world. Past tense; an event of an older log generation is dropped (L4). */
export type Event =
  | StorageEvent
  | PeerEvent
  | {
      readonly type: 'NodeStarted';
      readonly logs: readonly OpenLog[];
      readonly votes: readonly VoteRecord[];
      readonly forwardMarks: readonly ForwardMark[];
      /** Transactions whose outcome the last start did not learn. */
      readonly forwardAttempts: readonly ForwardMark[];
    }
  /** A clean stop begins; answered by FinishStop. */
  | { readonly type: 'StopRequested' }
  | { readonly type: 'VotesPersisted'; readonly votes: readonly VoteRecord[] }
  | { readonly type: 'LogCreated'; readonly log: OpenLog }
  | {
      readonly type: 'BatchPersisted';
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly endOffset: Offset;
    }
  | {
      readonly type: 'SegmentsListed';
      readonly lists: readonly {
        readonly logId: LogId;
        readonly segments: readonly SegmentInfo[];
      }[];
    }
  | { readonly type: 'LogStartAdvanced'; readonly logId: LogId; readonly offset: Offset }
  | {
      readonly type: 'RetentionProposed';
      readonly logId: LogId;
      readonly offset: Offset;
      readonly reason: string;
    }
  | {
      readonly type: 'LogRead';
      readonly readId: number;
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly outcome: LogReadOutcome;
    }
  | {
      readonly type: 'OffsetFound';
      readonly readId: number;
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly outcome: OffsetFoundOutcome;
    }
  /**
   * No room for more: over the budget, or appends wait in order for space (L8: ENOSPC on a write).
   * Said again while it lasts, with what must become free at least.
   */
  | {
      readonly type: 'DiskFilled';
      readonly missingBytes: number;
      readonly budgetBytes: number;
    }
  /** An fsync takes too long (L8). */
  | { readonly type: 'DiskStalled' }
  | { readonly type: 'DiskFreed' }
  | { readonly type: 'KafkaConnectionOpened'; readonly connection: ConnectionId }
  | {
      readonly type: 'KafkaBytesReceived';
      readonly connection: ConnectionId;
      readonly chunk: Uint8Array;
    }
  /**
   * So many more bytes of `SendBytes` have left the process: reported at the latest for each
   * `socketReportBytes` of them. Without it a connection gets no further answer in the end.
   */
  | {
      readonly type: 'KafkaBytesSent';
      readonly connection: ConnectionId;
      readonly bytes: number;
    }
  | { readonly type: 'ConnectionClosed'; readonly connection: ConnectionId }
  /** QoS 0, 1 and wills. Released when committed; QoS 0 too, it just is not acknowledged. */
  | { readonly type: 'PublishReceived'; readonly publish: Publish }
  /** QoS 2 PUBLISH: P5 (1) and (2), released when (2) is committed. */
  | { readonly type: 'IdentifierReceived'; readonly publish: Publish }
  /** QoS 2 PUBREL: released when the removal is committed. */
  | {
      readonly type: 'IdentifierReleased';
      readonly publishId: number;
      readonly connection: ConnectionId;
      readonly clientId: string;
      readonly packetId: number;
    }
  /** Before CONNACK. A clean session's identifiers are removed and that is committed first (P5). */
  | {
      readonly type: 'SessionOpened';
      readonly requestId: number;
      readonly connection: ConnectionId;
      readonly clientId: string;
      readonly clean: boolean;
    }
  /** The answer to CountRecords: one count for each of its places. */
  | {
      readonly type: 'RecordsCounted';
      readonly logId: LogId;
      readonly counts: readonly number[];
    }
  | ForwardAsk
  | { readonly type: 'ForwardAttemptStored'; readonly askId: number }
  | { readonly type: 'ForwardProgressed'; readonly mark: ForwardMark }
  | {
      readonly type: 'ForwardDecided';
      readonly requestId: number;
      readonly topic: string;
      readonly partition: number;
      readonly from: 'cursor' | 'start' | number;
    }
  | {
      readonly type: 'ForwardDecisionApplied';
      readonly topicId: string;
      readonly partition: number;
      readonly decisionId: string;
    }
  | {
      readonly type: 'ViewLoaded';
      readonly topic: string;
      readonly nextOffset: Offset;
      readonly entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
    }
  /** For status: what the other nodes lead. Answered by AnswerCluster. */
  | { readonly type: 'ClusterAsked'; readonly requestId: number }
  /** Answered by AnswerAdmin. */
  | {
      readonly type: 'OperatorAsked';
      readonly requestId: number;
      readonly request: OperatorRequest;
    }
  | { readonly type: 'TimerFired' }
  /** No more events are waiting: batches close, effects run (group commit). */
  | { readonly type: 'TurnEnded' };

export type LogReadOutcome =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: ErrorCode };

export type OffsetFoundOutcome =
  | { readonly ok: true; readonly found: FoundOffset | undefined }
  | { readonly ok: false; readonly error: ErrorCode };
