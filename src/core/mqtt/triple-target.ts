import type { Uuid } from '../../base/brand.ts';

/** The triple that makes a record of a session idempotent, and where it goes (P5). */
export interface TripleTarget {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}
