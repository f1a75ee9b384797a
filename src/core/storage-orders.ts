import type { LeaderEpoch, LogGeneration, LogId, Offset, Uuid } from '../base/brand.ts';
import type { OffsetRange, RecoveredLog } from '../ports/recovered-log.ts';
import type { PeerStart } from '../ports/stored-facts.ts';
import type { StoredDisk, StoredVoter } from '../ports/stored-voters.ts';
import type { WitnessState } from '../ports/witness-state.ts';

/** What replication orders of the disk, beside appends. Every answer means: durable. */
export type StorageEffect =
  /**
   * Nothing at or above `to` is left (L3). `generation` is the new one, one above the last: appends
   * of it may be ordered right behind. Answered by LogTruncated. `onceHad`: rot took what goes, and
   * how far it was is kept.
   */
  | {
      readonly type: 'TruncateLog';
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly to: Offset;
      readonly onceHad?: Offset;
    }
  /**
   * The log lies below its leader's log start: it begins there anew, empty. Answered by LogReset;
   * after a crash it is the old log or the new one. `onceHad`: nobody wants it here, and how far it
   * was is kept.
   */
  | {
      readonly type: 'ResetLog';
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly logStartOffset: Offset;
      readonly epochBefore: LeaderEpoch;
      readonly voters: readonly StoredVoter[];
      readonly onceHad?: Offset;
    }
  /**
   * Whole batches of a peer, checked, for a hole of the log: they begin where it begins, and end in
   * it. One for each of a few is as good as one for all. Answered by LogRepaired.
   */
  | {
      readonly type: 'RepairLog';
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly batches: Uint8Array;
    }
  /**
   * A log that once had more has all that counts of it again, fsynced: how far it was needs not be
   * known (V4). Not answered, and on a full disk not done; then a later start asks for it again.
   */
  | { readonly type: 'ForgetOnceHad'; readonly topicId: Uuid; readonly partition: number }
  /** Who votes at the log start (V1), also of a log that is not made yet. VotersStored. */
  | {
      readonly type: 'StoreVoters';
      readonly topicId: Uuid;
      readonly partition: number;
      readonly voters: readonly StoredVoter[];
    }
  /** All of a witness' state (V3). WitnessStored; `generation` comes back as it is. */
  | {
      readonly type: 'StoreWitness';
      readonly topicId: Uuid;
      readonly partition: number;
      readonly generation: LogGeneration;
      readonly state: WitnessState;
    }
  /** A peer that goes behind its start is refused, after a crash here too (V4). PeerStartNoted. */
  | ({ readonly type: 'NotePeerStart' } & PeerStart)
  /**
   * An operator gives these disks up: kept until `__cluster` says so, which an order without any
   * says (V5). GivingUpStored.
   */
  | { readonly type: 'StoreGivingUp'; readonly disks: readonly StoredDisk[] }
  /** This directory belongs to that cluster from now on (V2). ClusterAdopted. */
  | {
      readonly type: 'AdoptCluster';
      readonly clusterId: Uuid;
      readonly clusterTopicId: Uuid;
      readonly voters: readonly StoredVoter[];
    };

/** Answers to `StorageEffect`s. */
export type StorageEvent =
  | {
      readonly type: 'LogTruncated' | 'LogReset' | 'LogRepaired';
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly recovered: RecoveredLog;
    }
  /** A read or the scrub met bytes that fail their checks: those offsets cannot be served. */
  | {
      readonly type: 'RotFound';
      readonly logId: LogId;
      readonly generation: LogGeneration;
      readonly ranges: readonly OffsetRange[];
    }
  | { readonly type: 'VotersStored'; readonly topicId: Uuid; readonly partition: number }
  | {
      readonly type: 'WitnessStored';
      readonly topicId: Uuid;
      readonly partition: number;
      readonly generation: LogGeneration;
      readonly endOffset: Offset;
    }
  | ({ readonly type: 'PeerStartNoted' } & PeerStart)
  | { readonly type: 'GivingUpStored'; readonly disks: readonly StoredDisk[] }
  | { readonly type: 'ClusterAdopted'; readonly clusterId: Uuid; readonly clusterTopicId: Uuid };
