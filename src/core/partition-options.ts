import type { MonotonicMs, Offset } from '../base/brand.ts';
import type { Random } from '../ports/random.ts';
import type { Effect, VoteRecord } from './effect.ts';
import type { Now } from './now.ts';
import type { BeginEpoch, EndEpoch, VoteRequest } from './replica/peer-call.ts';
import type { ReplicaSettings } from './replica/replica-options.ts';
import type { ReplicaId } from './replica/voter-set.ts';

/** What a partition orders of its node, and tells it. */
export interface PartitionPort {
  readonly emit: (effect: Effect) => void;
  /** Gathered: the votes of a step become durable together. */
  readonly persistVote: (vote: VoteRecord) => void;
  readonly heardAt: (nodeId: number) => MonotonicMs | undefined;
  /** The node is about to stop: nothing is led anew here. */
  readonly isStopping: () => boolean;
  /** Parked fetches, views and status care. */
  readonly highWatermarkMoved: () => void;
  /** It is led by another node, or by none. */
  readonly leaderChanged: () => void;
  /** Its peers may want to know: log end, persisted offset, voters. */
  readonly changed: () => void;
  readonly peers: PartitionPeers;
}

/** What replicas say to each other. */
export interface PartitionPeers {
  askVote(nodeId: number, request: VoteRequest): void;
  beginEpoch(nodeId: number, begin: BeginEpoch): void;
  endEpoch(nodeId: number, end: EndEpoch): void;
}

export interface PartitionOptions {
  readonly self: ReplicaId;
  /** Of a witness node: it needs the records of `__cluster`, and votes as what it is. */
  readonly role?: 'witness' | undefined;
  readonly segmentBytesMax: number;
  /** How far the log was before it was emptied because nobody wanted it here (V4). */
  readonly onceHad?: Offset | undefined;
  readonly settings: ReplicaSettings;
  readonly random: Random;
  /** See ReplicaOptions. */
  readonly stepShare?: (() => number) | undefined;
  /** The time of the step that is running. */
  readonly now: () => Now;
  readonly port: PartitionPort;
}
