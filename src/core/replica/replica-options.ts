import type { LeaderEpoch, MonotonicMs } from '../../base/brand.ts';
import type { Random } from '../../ports/random.ts';
import type { StoredVote } from './ballot.ts';
import type { BeginEpoch, EndEpoch, VoteRequest } from './peer-call.ts';
import type { ReplicaLog } from './replica-log.ts';
import type { ReplicaId, Voter, VoterHistory, VoterSet } from './voter-set.ts';

export interface ReplicaSettings {
  /** A follower that hears nothing of its leader for this long, and some, campaigns. */
  readonly fetchTimeoutMs: number;
  /** Never above the fetch timeout (C4). */
  readonly replicaLagTimeMaxMs: number;
  readonly minInsyncReplicas: (dataVoters: number) => number;
  /** On its leader: a data voter came into the in-sync set, or fell out of it. */
  readonly inSyncChanged?: (isIn: boolean) => void;
}

/** What a replica orders. Whoever runs it keeps the order of the calls. */
export interface ReplicaPort {
  /** Durable, then `votePersisted`. */
  persistVote(epoch: LeaderEpoch, votedFor: ReplicaId): void;
  askVote(nodeId: number, request: VoteRequest): void;
  beginEpoch(nodeId: number, begin: BeginEpoch): void;
  endEpoch(nodeId: number, end: EndEpoch): void;
  /** Elected, the vote durable: append the LeaderChange of the epoch. */
  led(epoch: LeaderEpoch, grantedBy: readonly ReplicaId[]): void;
  /**
   * Leading: append the Voters record of the epoch and enter it in the history before the call
   * returns, since it is in force from its append (V1).
   */
  appendVoters(voters: VoterSet): void;
  /** Its leadership ended: waiters go back to their queue (C5). */
  resigned(): void;
  /** There is another leader to fetch from, or none. */
  leaderChanged(): void;
  highWatermarkMoved(): void;
}

export interface ReplicaOptions {
  readonly self: ReplicaId;
  /** What it keeps, where it is not what the voter set says: an observer may be a witness to be. */
  readonly role?: Voter['role'] | undefined;
  readonly log: ReplicaLog;
  readonly voters: VoterHistory;
  readonly vote: StoredVote | undefined;
  readonly settings: ReplicaSettings;
  readonly random: Random;
  /**
   * Uniform in [0, 1), the same for all replicas of a step: what happens to all that a node led
   * makes them campaign together, so that they share messages and fsyncs (T3). Default: `random`.
   */
  readonly stepShare?: (() => number) | undefined;
  /** When something of that node was heard last; undefined: never. */
  readonly heardAt: (nodeId: number) => MonotonicMs | undefined;
  /** This node is about to stop: it votes, but campaigns no more. */
  readonly isStopping?: () => boolean;
  readonly port: ReplicaPort;
  readonly now: MonotonicMs;
}
