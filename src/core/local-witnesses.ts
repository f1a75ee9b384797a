import { leaderEpoch, offset, type Uuid } from '../base/brand.ts';
import type { StoredFacts } from '../ports/stored-facts.ts';
import type { WitnessState } from '../ports/witness-state.ts';
import type { VoteRecord } from './effect.ts';
import type { StorageEvent } from './storage-orders.ts';
import type { WitnessPlace } from './partition-factory.ts';
import type { StoredVote } from './replica/ballot.ts';
import type { Voter } from './replica/voter-set.ts';
import type { WitnessReplica } from './witness-replica.ts';
import { WitnessTable } from './witness-table.ts';

export interface LocalWitnessesOptions {
  /** As the journal had them at start. */
  readonly stored: StoredFacts['witnesses'];
  readonly openWitness: (place: WitnessPlace) => WitnessReplica;
  /** It is new here, and may follow its leader. */
  readonly changed: (replica: WitnessReplica) => void;
}

/** What is known of a partition whose topic is committed. */
export interface WitnessWish {
  /** The topic's record names this node as a witness. */
  readonly isWanted: boolean;
  /** Who voted when its log was made. */
  readonly first: readonly Voter[];
  readonly vote: StoredVote | undefined;
}

/**
 * The partitions that this node is a witness of, and how they come to be (V3): those that a
 * committed topic names it for, and those of which the journal has a state, since who votes is said
 * by the log and not by the topic (V1).
 */
export class LocalWitnesses {
  readonly table = new WitnessTable();
  readonly #options: LocalWitnessesOptions;

  constructor(options: LocalWitnessesOptions) {
    this.#options = options;
  }

  /** This disk has been a witness of it. */
  isKnown(topicId: Uuid, partition: number): boolean {
    const isOpen = this.table.find(topicId, partition) !== undefined;
    return isOpen || this.#stored(topicId, partition) !== undefined;
  }

  open(
    place: Pick<WitnessPlace, 'topic' | 'topicId' | 'partition'>,
    { isWanted, first, vote }: WitnessWish,
  ): void {
    const { topicId, partition } = place;
    if (this.table.find(topicId, partition) !== undefined) return;
    const state = this.#stored(topicId, partition) ?? (isWanted ? newState(first) : undefined);
    if (state === undefined) return;
    const logId = this.table.newLogId();
    const replica = this.#options.openWitness({ ...place, logId, state, vote });
    this.table.add(replica);
    this.#options.changed(replica);
  }

  votePersisted(vote: VoteRecord): void {
    this.table.find(vote.topicId, vote.partition)?.votePersisted(vote);
  }

  stored(event: Extract<StorageEvent, { type: 'WitnessStored' }>): void {
    const { topicId, partition, generation, endOffset } = event;
    this.table.find(topicId, partition)?.stored(generation, endOffset);
  }

  #stored(topicId: Uuid, partition: number): WitnessState | undefined {
    const found = this.#options.stored.find(
      (each) => each.topicId === topicId && each.partition === partition,
    );
    return found?.state;
  }
}

/** Of a log that it has heard nothing of: not on the disk, where nothing is lost with it. */
const newState = (voters: readonly Voter[]): WitnessState => ({
  ...{ logStartOffset: offset(0), endOffset: offset(0), epochStarts: [] },
  voters: [{ from: offset(0), voters }],
  epochBeforeStart: leaderEpoch(0),
});
