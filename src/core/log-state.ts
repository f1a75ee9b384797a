import { assert } from '../base/assert.ts';
import {
  leaderEpoch as toEpoch,
  offset,
  type LeaderEpoch,
  type LogGeneration,
  type LogId,
  type Offset,
} from '../base/brand.ts';
import type { ProducerBatch, RecoveredLog } from '../ports/recovered-log.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../wire/kafka/producer-snapshot.ts';
import { stampBatch, type RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { lastSequenceOf } from '../wire/kafka/sequence.ts';
import type { Effect } from './effect.ts';
import type { LogFollower } from './log-follower.ts';
import { ProducerState } from './produce/producer-state.ts';
import { LeaderEpochCache } from './replica/leader-epoch-cache.ts';
import type { LogStart } from './replica/log-start.ts';
import type { EpochEnd, ReplicaLog } from './replica/replica-log.ts';

export interface LogStateOptions {
  readonly logId: LogId;
  readonly segmentBytesMax: number;
  readonly emit: (effect: Effect) => void;
  readonly appended: LogFollower['appended'];
}

/**
 * What the core knows of one log, always a little ahead of the disk: where it begins and ends, its
 * leader epochs, its producers, and when its segment is full.
 */
export class LogState implements ReplicaLog {
  readonly #options: LogStateOptions;
  readonly #epochs: LeaderEpochCache;
  readonly #producers: ProducerState;
  readonly #generation: LogGeneration;
  #logStartOffset: Offset;
  #logEndOffset: Offset;
  #persistedOffset: Offset;
  #segmentBytes: number;
  #segmentBaseOffset: Offset;

  constructor(recovered: RecoveredLog, options: LogStateOptions) {
    this.#options = options;
    this.#generation = recovered.generation;
    this.#epochs = new LeaderEpochCache(recovered.epochStarts);
    this.#producers = recoverProducers(recovered);
    this.#logStartOffset = recovered.logStartOffset;
    this.#logEndOffset = recovered.logEndOffset;
    this.#persistedOffset = recovered.logEndOffset; // L7: recovery made it durable
    this.#segmentBytes = recovered.activeSegment.bytes;
    this.#segmentBaseOffset = recovered.activeSegment.baseOffset;
  }

  get generation(): LogGeneration {
    return this.#generation;
  }

  get logStartOffset(): Offset {
    return this.#logStartOffset;
  }

  get logEndOffset(): Offset {
    return this.#logEndOffset;
  }

  get persistedOffset(): Offset {
    return this.#persistedOffset;
  }

  get lastEpoch(): LeaderEpoch {
    return this.#epochs.latest?.leaderEpoch ?? toEpoch(0);
  }

  get producers(): ProducerState {
    return this.#producers;
  }

  endOffsetOf(epoch: LeaderEpoch): EpochEnd | undefined {
    return this.#epochs.endOffsetOf(epoch, this.#logEndOffset);
  }

  /** A leader's append: base offset and leader epoch are stamped into the bytes. */
  append(batch: Uint8Array, header: RecordBatchHeader, epoch: LeaderEpoch): Offset {
    const baseOffset = this.#logEndOffset;
    stampBatch(batch, 0, baseOffset, epoch);
    this.#extend(batch, { leaderEpoch: epoch, baseOffset, span: header.lastOffsetDelta + 1 });
    return baseOffset;
  }

  /** An event of the disk; one of an older generation speaks of bytes that are gone (L4). */
  persisted(generation: LogGeneration, endOffset: Offset): boolean {
    if (generation !== this.#generation) return false;
    assert(endOffset <= this.#logEndOffset, 'persisted past the log end');
    if (endOffset > this.#persistedOffset) this.#persistedOffset = endOffset;
    return true;
  }

  logStartAdvanced(to: Offset): void {
    if (to > this.#logStartOffset) this.#logStartOffset = to;
  }

  /** @returns false if nothing was appended since the segment was last sealed. */
  roll(): boolean {
    if (this.#segmentBytes === 0) return false;
    const { logId, emit } = this.#options;
    emit({ type: 'RollLog', logId, producerSnapshot: this.producerSnapshot() });
    this.#segmentBytes = 0;
    this.#segmentBaseOffset = this.#logEndOffset;
    return true;
  }

  producerSnapshot(): Uint8Array {
    return encodeProducerSnapshot(this.#producers.entries());
  }

  truncateTo(end: Offset): void {
    assert(end === this.#logEndOffset, 'a lone voter cuts nothing');
  }

  resetTo({ logStartOffset }: LogStart): void {
    assert(logStartOffset === this.#logStartOffset, 'a lone voter begins nowhere anew');
  }

  #extend(
    batch: Uint8Array,
    place: {
      readonly leaderEpoch: LeaderEpoch;
      readonly baseOffset: Offset;
      readonly span: number;
    },
  ): void {
    const endOffset = offset(place.baseOffset + place.span);
    if (this.#mustRoll(batch.length, endOffset)) this.roll();
    this.#epochs.assign(place.leaderEpoch, place.baseOffset);
    this.#segmentBytes += batch.length;
    this.#logEndOffset = endOffset;
    const { logId, emit, appended } = this.#options;
    appended(batch, place.baseOffset, endOffset);
    emit({ type: 'AppendBatch', logId, generation: this.#generation, batch, endOffset });
  }

  /** By size, and because index entries hold offsets relative to the segment in 31 bits. */
  #mustRoll(batchBytes: number, endOffset: Offset): boolean {
    if (this.#segmentBytes === 0) return false;
    if (this.#segmentBytes + batchBytes > this.#options.segmentBytesMax) return true;
    return endOffset - this.#segmentBaseOffset > 0x7fffffff;
  }
}

/** What idempotence remembers of a batch at that place (KIP-98). */
export function producerBatch(header: RecordBatchHeader, baseOffset: Offset): ProducerBatch {
  return {
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    lastSequence: lastSequenceOf(header),
    baseOffset,
    lastOffset: offset(baseOffset + header.lastOffsetDelta),
    timestamp: header.maxTimestamp,
  };
}

function recoverProducers(recovered: RecoveredLog): ProducerState {
  const snapshot = recovered.producerSnapshot;
  const decoded = snapshot === undefined ? undefined : decodeProducerSnapshot(snapshot);
  // The log hands over only a snapshot that it checked; a bad one here would be ours (L5).
  assert(decoded === undefined || decoded.ok, 'a checked producer snapshot decodes');
  const entries = decoded?.ok ? decoded.value : [];
  return ProducerState.recover(entries, recovered.producerBatches);
}
