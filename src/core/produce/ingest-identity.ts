import { sequenceAfter } from '../../wire/kafka/sequence.ts';
import type { ProducerTriple } from './producer-triple.ts';

/**
 * Under which producer id and sequence the next ingest batch for one partition goes (P1): this
 * start's id, until something was given up (P3) or a leader lost the producer's state (L6).
 */
export class IngestIdentity {
  readonly #startId: () => bigint | undefined;
  readonly #allocate: () => bigint | undefined;
  #ownId: bigint | undefined;
  #isRenewed = false;
  #nextSequence = 0;

  /** @param allocate an id that nobody has or had (P4); undefined: none is at hand. */
  constructor(startId: () => bigint | undefined, allocate: () => bigint | undefined) {
    this.#startId = startId;
    this.#allocate = allocate;
  }

  get isRenewed(): boolean {
    return this.#isRenewed;
  }

  /** Undefined: none is at hand yet. */
  producerId(): bigint | undefined {
    if (!this.#isRenewed) return this.#startId();
    this.#ownId ??= this.#allocate();
    return this.#ownId;
  }

  /** The triple of a batch that is sent after `records` more. */
  triple(records: number): ProducerTriple | undefined {
    const producerId = this.producerId();
    if (producerId === undefined) return undefined;
    const baseSequence = sequenceAfter(this.#nextSequence, records);
    return { producerId, producerEpoch: 0, baseSequence };
  }

  used(records: number): void {
    this.#nextSequence = sequenceAfter(this.#nextSequence, records);
  }

  /** Sequences begin at 0 again, under an id that no leader has seen. */
  renew(): void {
    this.#isRenewed = true;
    this.#ownId = undefined;
    this.#nextSequence = 0;
  }
}
