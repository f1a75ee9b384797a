import type { Offset, Uuid } from '../base/brand.ts';
import type { StoredDisk, StoredVoter } from './stored-voters.ts';
import type { WitnessState } from './witness-state.ts';

interface Place {
  readonly topicId: Uuid;
  readonly partition: number;
}

/** A start of a peer's data directory (V4). */
export interface PeerStart {
  readonly directoryId: Uuid;
  readonly startCounter: number;
  /** What that start drew; undefined: from before they were drawn. */
  readonly startId: Uuid | undefined;
}

/** What a data directory knows beside its logs and votes; given to the core at start. */
export interface StoredFacts {
  /** `__cluster`'s topic id, once the directory belongs to a cluster that was born together. */
  readonly clusterTopicId: Uuid | undefined;
  /** Ids that this directory gave up because its votes may be lost (V4), the newest last. */
  readonly formerDirectoryIds: readonly Uuid[];
  /** Who votes at the log start, of logs that are not made yet, too. */
  readonly startVoters: readonly (Place & { readonly voters: readonly StoredVoter[] })[];
  /**
   * How far a log was that was emptied because nobody wants it here (V4): until it is there again,
   * it votes for nobody.
   */
  readonly onceHad: readonly (Place & { readonly to: Offset })[];
  readonly witnesses: readonly (Place & { readonly state: WitnessState })[];
  /** The newest start seen of each peer's directory (V4). */
  readonly peerStarts: readonly PeerStart[];
  /** An operator gave these up, and `__cluster` may not say so yet (V5). */
  readonly givingUp: readonly StoredDisk[];
}
