import type { ErrorCode } from '../../base/errors.ts';
import type { LeaderEpoch, Offset } from '../../base/brand.ts';
import type { EpochEnd } from './replica-log.ts';
import type { ReplicaId, Voter } from './voter-set.ts';

/*
 * What replicas of one partition say to each other, as Kafka's own requests carry it: Vote (52),
 * BeginQuorumEpoch (53), EndQuorumEpoch (54), Fetch (1). Cluster and topic ids are checked before
 * (V6). An answer may be lost, late or doubled; each names what it belongs to.
 */

export interface VoteRequest {
  readonly candidate: ReplicaId;
  /** Whom it asks: a node with another disk is another voter (V6). */
  readonly voter: ReplicaId;
  /** Of the vote; of a pre-vote: the candidate's present one (KIP-996). */
  readonly leaderEpoch: LeaderEpoch;
  readonly lastEpoch: LeaderEpoch;
  readonly logEndOffset: Offset;
  readonly isPreVote: boolean;
}

export interface VoteAnswer {
  readonly voter: ReplicaId;
  /** The epoch and kind that were asked about. */
  readonly askedEpoch: LeaderEpoch;
  readonly isPreVote: boolean;
  readonly isGranted: boolean;
  /** What the voter knows. */
  readonly leaderEpoch: LeaderEpoch;
  readonly leaderId: number | undefined;
}

/** A leader tells that it leads, until the voter fetches. */
export interface BeginEpoch {
  readonly leaderId: number;
  readonly leaderEpoch: LeaderEpoch;
}

/** A leader goes. The first successor may campaign at once. */
export interface EndEpoch {
  readonly leaderId: number;
  readonly leaderEpoch: LeaderEpoch;
  readonly successors: readonly ReplicaId[];
}

/** T1: two offsets; only `persistedOffset` acknowledges. */
export interface FetchRequest {
  readonly replica: ReplicaId;
  /** What it keeps, if it says so; a voter that says another role than its own is refused. */
  readonly role?: Voter['role'] | undefined;
  readonly leaderEpoch: LeaderEpoch;
  /** Next wanted. */
  readonly fetchOffset: Offset;
  /** Epoch of the batch before `fetchOffset`; 0 without one. */
  readonly lastFetchedEpoch: LeaderEpoch;
  readonly persistedOffset: Offset;
}

/** What the leader says to a Fetch at once. `records` follow from a read of [from, to). */
export type FetchVerdict =
  | { readonly type: 'refused'; readonly error: ErrorCode; readonly leaderEpoch: LeaderEpoch }
  /** The follower's log leaves the leader's: it cuts down to this (KIP-595). */
  | { readonly type: 'diverging'; readonly end: EpochEnd }
  /** Its end is below the leader's log start, or leaves it there: it begins anew there. */
  | { readonly type: 'belowStart'; readonly logStartOffset: Offset }
  | { readonly type: 'readable'; readonly from: Offset; readonly to: Offset }
  /** Nothing yet: the answer waits until the log or the high watermark moves. */
  | { readonly type: 'nothing' };

/** Everything that one replica asks of another. */
export type PeerCall = VoteRequest | BeginEpoch | EndEpoch | FetchRequest;
