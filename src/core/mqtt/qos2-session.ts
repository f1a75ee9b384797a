import type { Uuid } from '../../base/brand.ts';
import { sequenceAfter } from '../../wire/kafka/sequence.ts';

/** The triple that makes a record of a session idempotent, and where it goes (P5). */
export interface TripleTarget {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

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

const producerEpochMax = 32_767;

/** Producer identity and open identifiers of one client id. */
export class Qos2Session {
  readonly clientId: string;
  readonly open = new Map<number, OpenIdentifier>();
  producerId: bigint | undefined;
  producerEpoch = 0;
  /** A record of it is in `__mqtt_sessions`, or on its way there. */
  isRecorded = false;
  /** The next (1) has to carry the session record too. */
  isRecordDue = false;
  /** The sequences below are continuous in this producer id and epoch. */
  #isUsable = false;
  readonly #nextSequences = new Map<string, number>();

  /** It ends with its connection. Kept in its record: a crash ends the connection too. */
  isClean: boolean;

  constructor(clientId: string, isClean: boolean) {
    this.clientId = clientId;
    this.isClean = isClean;
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
    const key = `${place.topicId}/${place.partition}`;
    const baseSequence = this.#nextSequences.get(key) ?? 0;
    this.#nextSequences.set(key, sequenceAfter(baseSequence, 1));
    const { producerId, producerEpoch } = this;
    return { ...place, producerId, producerEpoch, baseSequence };
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
