import type { MonotonicMs, Offset } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { ProducerBatch } from '../../ports/recovered-log.ts';
import type { ProducerSnapshotEntry, SnapshotBatch } from '../../wire/kafka/producer-snapshot.ts';
import { isSequenceAhead, sequenceAfter } from '../../wire/kafka/sequence.ts';

/** What idempotence asks about a batch before it is appended (KIP-98). */
export interface ProducerClaim {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastSequence: number;
}

export type ProducerVerdict =
  | { readonly type: 'append' }
  /** Stored before: success with that offset, once it is committed (P2). */
  | { readonly type: 'duplicate'; readonly baseOffset: Offset; readonly lastOffset: Offset }
  /** Stored before the five that are remembered: 46 once the present end is committed (P5). */
  | { readonly type: 'forgottenDuplicate' }
  | { readonly type: 'error'; readonly error: ErrorCode };

interface Producer {
  producerEpoch: number;
  batches: SnapshotBatch[];
  /**
   * The first sequence seen of this producer epoch: those below it are unknown here, never a
   * success. Rot may hold them (L6), or they were refused while later ones were on their way and
   * came in under KIP-360. Undefined: long past.
   */
  sequenceFloor: number | undefined;
  /** The first `expire` after its newest batch: a client may date its records as it likes. */
  heardAt: MonotonicMs | undefined;
}

const append: ProducerVerdict = { type: 'append' };
const forgotten: ProducerVerdict = { type: 'forgottenDuplicate' };
const outOfOrder: ProducerVerdict = { type: 'error', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' };
const fencedEpoch: ProducerVerdict = { type: 'error', error: 'INVALID_PRODUCER_EPOCH' };

/**
 * The idempotent producers of one partition, derived from its batches alone (L5): snapshot plus
 * replay after a start or truncation, `appended` for each batch after that.
 */
export class ProducerState {
  readonly #producers = new Map<bigint, Producer>();

  /** @param entries a decoded snapshot; @param replay the batches behind it, in offset order. */
  static recover(
    entries: readonly ProducerSnapshotEntry[],
    replay: readonly ProducerBatch[],
  ): ProducerState {
    const state = new ProducerState();
    for (const { producerId, batches, ...rest } of entries) {
      state.#producers.set(producerId, { ...rest, batches: [...batches], heardAt: undefined });
    }
    for (const batch of replay) state.#note(batch);
    return state;
  }

  get size(): number {
    return this.#producers.size;
  }

  knows(producerId: bigint): boolean {
    return this.#producers.has(producerId);
  }

  check(claim: ProducerClaim): ProducerVerdict {
    const producer = this.#producers.get(claim.producerId);
    if (producer === undefined) return append; // KIP-360: any first sequence is taken
    if (claim.producerEpoch < producer.producerEpoch) return fencedEpoch;
    if (claim.producerEpoch > producer.producerEpoch) {
      return claim.baseSequence === 0 ? append : outOfOrder;
    }
    const newest = producer.batches.at(-1);
    if (newest === undefined) return append;
    if (claim.baseSequence === sequenceAfter(newest.lastSequence, 1)) return append;
    return olderSequence(producer, claim, newest);
  }

  appended(batch: ProducerBatch): void {
    this.#note(batch);
  }

  /** For the snapshot at a roll or clean stop. */
  entries(): ProducerSnapshotEntry[] {
    const entries: ProducerSnapshotEntry[] = [];
    for (const [producerId, { producerEpoch, sequenceFloor, batches }] of this.#producers) {
      entries.push({ producerId, producerEpoch, sequenceFloor, batches: [...batches] });
    }
    return entries;
  }

  /**
   * Forgets producers that were not heard of for `limits.producerIdleMs`, and past
   * `limits.producersPerPartitionMax` those that were not heard of for longest; never one that
   * `isPinned` keeps (P5).
   */
  expire(now: MonotonicMs, isPinned: (producerId: bigint) => boolean): void {
    for (const [producerId, producer] of this.#producers) {
      producer.heardAt ??= now;
      const isIdle = now - producer.heardAt > limits.producerIdleMs;
      if (isIdle && !isPinned(producerId)) this.#producers.delete(producerId);
    }
    const surplus = this.#producers.size - limits.producersPerPartitionMax;
    if (surplus > 0) this.#forgetSilent(surplus, isPinned);
  }

  /** Not the oldest ids: what one of them sends again would be stored anew. */
  #forgetSilent(count: number, isPinned: (producerId: bigint) => boolean): void {
    const silent = [...this.#producers]
      .filter(([producerId]) => !isPinned(producerId))
      .sort(([, a], [, b]) => (a.heardAt ?? 0) - (b.heardAt ?? 0));
    for (const [producerId] of silent.slice(0, count)) this.#producers.delete(producerId);
  }

  #note(batch: ProducerBatch): void {
    const known = this.#producers.get(batch.producerId);
    if (known !== undefined && known.producerEpoch === batch.producerEpoch) {
      known.batches.push(batch);
      known.heardAt = undefined;
      if (known.batches.length > limits.producerBatchesKept) known.batches.shift();
      const floor = known.sequenceFloor;
      // Half way round it would seem to lie ahead.
      if (floor !== undefined && isSequenceAhead(batch.lastSequence, floor)) {
        known.sequenceFloor = undefined;
      }
      return;
    }
    this.#producers.set(batch.producerId, {
      producerEpoch: batch.producerEpoch,
      batches: [batch],
      sequenceFloor: batch.baseSequence,
      heardAt: undefined,
    });
  }
}

function olderSequence(
  producer: Producer,
  claim: ProducerClaim,
  newest: SnapshotBatch,
): ProducerVerdict {
  for (const batch of producer.batches) {
    if (batch.baseSequence === claim.baseSequence && batch.lastSequence === claim.lastSequence) {
      return { type: 'duplicate', baseOffset: batch.baseOffset, lastOffset: batch.lastOffset };
    }
  }
  if (isSequenceAhead(newest.lastSequence, claim.lastSequence)) return outOfOrder;
  const floor = producer.sequenceFloor;
  if (floor !== undefined && isSequenceAhead(claim.baseSequence, floor)) return outOfOrder;
  return forgotten;
}
