import type { Uuid } from '../../base/brand.ts';
import { TurnoverMap } from '../../base/turnover-map.ts';
import { sequenceAfter } from '../../wire/kafka/sequence.ts';
import type { SessionOwner } from './session-owner.ts';
import type { StoredSession } from './session-table.ts';
import type { TripleTarget } from './triple-target.ts';

/**
 * One packet identifier between PUBLISH and PUBCOMP.
 * - committing: (1) is under way; producing: (2) is under way.
 * - unsettled: (1) is committed, whether (2) is in the log is not known to this process (restart,
 * error).
 * - stored: (2) is committed.
 * - removing: the tombstone is under way.
 */
export interface OpenIdentifier {
  readonly packetId: number;
  state: 'committing' | 'producing' | 'unsettled' | 'stored' | 'removing';
  target: TripleTarget;
  /** Publishes to release or reject when (2) is settled. */
  waiters: number[];
  /** What waits until the removal is committed. */
  afterRemoval: (() => void)[];
  /** How often (2) has answered 45 and it was taken to be new again. */
  renewals: number;
  /** Its session was wiped: nothing that settles later counts. */
  isDead: boolean;
}

/** An identifier that nobody waits for yet. */
export const newIdentifier = (
  packetId: number,
  state: OpenIdentifier['state'],
  target: TripleTarget,
): OpenIdentifier => ({
  packetId,
  state,
  target,
  waiters: [],
  afterRemoval: [],
  renewals: 0,
  isDead: false,
});

const producerEpochMax = 32_767;

/** Producer identity and open identifiers of one client id. */
export class Qos2Session {
  readonly clientId: string;
  readonly open = new TurnoverMap<number, OpenIdentifier>();
  producerId: bigint | undefined;
  producerEpoch = 0;
  /** A record of it is in `__mqtt_sessions`, or on its way there. */
  isRecorded = false;
  /** The next (1) has to carry the session record too. */
  isRecordDue = false;
  /** The sequences below are continuous in this producer id and epoch. */
  #isUsable = false;
  /** By topic id and partition: asked for each publish, so without a key to build. */
  readonly #nextSequences = new Map<Uuid, number[]>();

  /** It ends with its connection. Kept in its record: a crash ends the connection too. */
  readonly isClean: boolean;
  /** Whom its records name; undefined: this node is alone. */
  readonly owner: SessionOwner;

  constructor(clientId: string, isClean: boolean, owner?: SessionOwner) {
    this.clientId = clientId;
    this.isClean = isClean;
    this.owner = owner;
  }

  /** Goes on where the log says it stands; whether a record of it is stored is for (2) to say. */
  static of(stored: StoredSession, isClean: boolean, owner?: SessionOwner): Qos2Session {
    const session = new Qos2Session(stored.clientId, isClean, owner);
    session.producerId = stored.producerId;
    session.producerEpoch = stored.producerEpoch;
    session.isRecorded = stored.isRecorded;
    for (const [packetId, target] of stored.open) {
      session.open.set(packetId, newIdentifier(packetId, 'unsettled', target));
    }
    return session;
  }

  /**
   * The next use begins with sequence 0 in an epoch of its own: after a start, after a return
   * without an open identifier, and when the sequences are broken (45).
   */
  renewAtNextUse(): void {
    this.#isUsable = false;
  }

  /** Whether `target` belongs to the producer id and epoch in use. */
  isCurrent(target: TripleTarget): boolean {
    return target.producerId === this.producerId && target.producerEpoch === this.producerEpoch;
  }

  /**
   * The next triple for a partition; undefined if it takes a new producer id and there is none yet.
   * @param renewing the identifier that gets it, if it had one before.
   */
  nextTarget(
    place: { readonly topicId: Uuid; readonly partition: number },
    allocateProducerId: () => bigint | undefined,
    renewing?: OpenIdentifier,
  ): TripleTarget | undefined {
    if (!this.#isUsable && !this.#renew(allocateProducerId, renewing)) return undefined;
    if (this.producerId === undefined) return undefined;
    const { topicId, partition } = place;
    let sequences = this.#nextSequences.get(topicId);
    if (sequences === undefined) {
      sequences = [];
      this.#nextSequences.set(topicId, sequences);
    }
    const baseSequence = sequences[partition] ?? 0;
    sequences[partition] = sequenceAfter(baseSequence, 1);
    const { producerId, producerEpoch } = this;
    return { topicId, partition, producerId, producerEpoch, baseSequence };
  }

  /**
   * Raises the epoch; while an open identifier stands under this producer id it takes another
   * producer id instead, because a raised epoch would fence the repetition of that identifier's
   * triple.
   */
  #renew(allocateProducerId: () => bigint | undefined, renewing?: OpenIdentifier): boolean {
    if (this.producerId === undefined || this.#isInUse(renewing)) {
      const producerId = allocateProducerId();
      if (producerId === undefined) return false;
      this.producerId = producerId;
      this.producerEpoch = 0;
    } else this.producerEpoch++;
    this.#nextSequences.clear();
    this.#isUsable = true;
    this.isRecordDue = true;
    return true;
  }

  #isInUse(renewing: OpenIdentifier | undefined): boolean {
    if (this.producerEpoch >= producerEpochMax) return true;
    for (const identifier of this.open.values()) {
      if (identifier !== renewing && identifier.target.producerId === this.producerId) return true;
    }
    return false;
  }
}
