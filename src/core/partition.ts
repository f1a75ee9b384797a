import { assert } from '../base/assert.ts';
import {
  leaderEpoch as toEpoch,
  offset,
  type LeaderEpoch,
  type LogGeneration,
  type LogId,
  type Offset,
  type Uuid,
} from '../base/brand.ts';
import type { ProducerBatch, RecoveredLog } from '../ports/recovered-log.ts';
import { buildLeaderChangeBatch } from '../wire/kafka/control-record.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../wire/kafka/producer-snapshot.ts';
import {
  readRecordBatchHeader,
  stampBatch,
  type RecordBatchHeader,
} from '../wire/kafka/record-batch-header.ts';
import { lastSequenceOf } from '../wire/kafka/sequence.ts';
import type { Effect } from './effect.ts';
import type { PartitionView, ProduceOutcome } from './kafka/broker-view.ts';
import type { Now } from './now.ts';
import { ProducerState } from './produce/producer-state.ts';
import { Waiters } from './produce/waiters.ts';
import { LeaderEpochCache } from './replica/leader-epoch-cache.ts';
import { committedOffset, type VoterProgress } from './replica/quorum.ts';

export interface PartitionOptions {
  readonly nodeId: number;
  readonly segmentBytesMax: number;
  readonly emit: (effect: Effect) => void;
  /** The high watermark moved: parked fetches, views and status care. */
  readonly highWatermarkMoved: (partition: Partition) => void;
}

/**
 * One partition on this node: its place in the log, its leadership, its idempotence, and who waits
 * for commits. The commit rule is the general one with this node as the only voter (C3).
 *
 * Life: recovered -> (vote persisted, C1) -> leading: LeaderChange appended -> committed -> open
 * for all.
 */
export class Partition implements PartitionView {
  readonly logId: LogId;
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly #options: PartitionOptions;
  readonly #waiters = new Waiters();
  readonly #generation: LogGeneration;
  readonly #epochs: LeaderEpochCache;
  readonly #producers: ProducerState;
  #isLeader = false;
  #leaderEpoch: LeaderEpoch;
  #epochStartOffset: Offset;
  #logStartOffset: Offset;
  #logEndOffset: Offset;
  #persistedOffset: Offset;
  #highWatermark: Offset;
  #segmentBytes: number;
  #segmentBaseOffset: Offset;

  constructor(logId: LogId, recovered: RecoveredLog, options: PartitionOptions) {
    this.logId = logId;
    this.topic = recovered.topic;
    this.topicId = recovered.topicId;
    this.partition = recovered.partition;
    this.#options = options;
    this.#generation = recovered.generation;
    this.#epochs = new LeaderEpochCache(recovered.epochStarts);
    this.#producers = recoverProducers(recovered);
    this.#leaderEpoch = this.#epochs.latest?.leaderEpoch ?? toEpoch(0);
    this.#logStartOffset = recovered.logStartOffset;
    this.#logEndOffset = recovered.logEndOffset;
    this.#persistedOffset = recovered.logEndOffset; // L7: recovery made it durable
    this.#epochStartOffset = recovered.logEndOffset;
    this.#highWatermark = recovered.logStartOffset; // unknown until this epoch commits (C2, C6)
    this.#segmentBytes = recovered.activeSegment.bytes;
    this.#segmentBaseOffset = recovered.activeSegment.baseOffset;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#leaderEpoch;
  }

  get isEpochCommitted(): boolean {
    return this.#isLeader && this.#highWatermark > this.#epochStartOffset;
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

  get highWatermark(): Offset {
    return this.#highWatermark;
  }

  /** Nothing of this log waits for the disk. */
  get isAllPersisted(): boolean {
    return this.#persistedOffset === this.#logEndOffset;
  }

  endOffsetOf(
    epoch: LeaderEpoch,
  ): { readonly leaderEpoch: LeaderEpoch; readonly endOffset: Offset } | undefined {
    return this.#epochs.endOffsetOf(epoch, this.#logEndOffset);
  }

  /**
   * C1: called once the vote for `epoch` is durable; the epoch's first batch is its LeaderChange.
   */
  lead(epoch: LeaderEpoch, now: Now): void {
    assert(epoch > this.#leaderEpoch || this.#logEndOffset === 0, 'a leader epoch is new (C1)');
    this.#leaderEpoch = epoch;
    this.#isLeader = true;
    this.#epochStartOffset = this.#logEndOffset;
    const { nodeId } = this.#options;
    this.#append(
      buildLeaderChangeBatch(
        { leaderId: nodeId, voters: [nodeId], grantingVoters: [nodeId] },
        { baseOffset: this.#logEndOffset, leaderEpoch: epoch, timestamp: now.wallMs },
      ),
    );
  }

  /**
   * The only way in for records: idempotence first (P1, P2), then the append; `done` when it is
   * committed (C5). The batch is this partition's from here on: offset and epoch are stamped into
   * it.
   */
  produce(batch: Uint8Array, done: (outcome: ProduceOutcome) => void): void {
    if (!this.#isLeader) return done({ ok: false, error: 'NOT_LEADER_OR_FOLLOWER' });
    const header = headerOf(batch);
    const claim = producerBatch(header, this.#logEndOffset);
    const verdict = header.producerId < 0n ? undefined : this.#producers.check(claim);
    switch (verdict?.type) {
      case 'error':
        return done({ ok: false, error: verdict.error });
      case 'duplicate':
        return this.#whenCommitted(this.#logEndOffset, () =>
          done(this.#stored(verdict.baseOffset)),
        );
      case 'forgottenDuplicate':
        return this.#whenCommitted(this.#logEndOffset, () =>
          done({ ok: false, error: 'DUPLICATE_SEQUENCE_NUMBER' }),
        );
      default: {
        const baseOffset = this.#append(batch);
        if (header.producerId >= 0n) this.#producers.appended(claim);
        this.#whenCommitted(this.#logEndOffset, () => done(this.#stored(baseOffset)));
      }
    }
  }

  /**
   * A record under an MQTT session's triple (P5). Sessions begin at sequence 0, so an unknown
   * producer with a later one means that its state was lost with rotten bytes: 45, and the session
   * begins anew (L6).
   */
  produceOfSession(batch: Uint8Array, done: (outcome: ProduceOutcome) => void): void {
    const { producerId, baseSequence } = headerOf(batch);
    if (baseSequence !== 0 && !this.#producers.knows(producerId)) {
      return done({ ok: false, error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
    }
    this.produce(batch, done);
  }

  /**
   * Forgets producers that were idle for `limits.producerIdleMs`, but none that `isPinned` names
   * (P5).
   */
  expireProducers(now: Now, isPinned: (producerId: bigint) => boolean): void {
    this.#producers.expire(now.monotonicMs, isPinned);
  }

  /** An event of the disk; one of an older generation speaks of bytes that are gone (L4). */
  persisted(generation: LogGeneration, endOffset: Offset): void {
    if (generation !== this.#generation) return;
    assert(endOffset <= this.#logEndOffset, 'persisted past the log end');
    if (endOffset > this.#persistedOffset) this.#persistedOffset = endOffset;
    this.#updateHighWatermark();
  }

  logStartAdvanced(to: Offset): void {
    if (to > this.#logStartOffset) this.#logStartOffset = to;
    if (this.#highWatermark < to) this.#highWatermark = to;
  }

  /**
   * Seals the active segment now, so that all before the log end can go by whole segments.
   * @returns false if nothing was appended since it was last sealed.
   */
  roll(): boolean {
    if (this.#segmentBytes === 0) return false;
    const producerSnapshot = encodeProducerSnapshot(this.#producers.entries());
    this.#options.emit({ type: 'RollLog', logId: this.logId, producerSnapshot });
    this.#segmentBytes = 0;
    this.#segmentBaseOffset = this.#logEndOffset;
    return true;
  }

  producerSnapshot(): Uint8Array {
    return encodeProducerSnapshot(this.#producers.entries());
  }

  #append(batch: Uint8Array): Offset {
    const header = headerOf(batch);
    const baseOffset = this.#logEndOffset;
    const endOffset = offset(baseOffset + header.lastOffsetDelta + 1);
    stampBatch(batch, 0, baseOffset, this.#leaderEpoch);
    if (this.#mustRoll(batch.length, endOffset)) this.roll();
    this.#epochs.assign(this.#leaderEpoch, baseOffset);
    this.#segmentBytes += batch.length;
    this.#logEndOffset = endOffset;
    this.#options.emit({
      type: 'AppendBatch',
      logId: this.logId,
      generation: this.#generation,
      batch,
      endOffset,
    });
    return baseOffset;
  }

  /** By size, and because index entries hold offsets relative to the segment in 31 bits. */
  #mustRoll(batchBytes: number, endOffset: Offset): boolean {
    if (this.#segmentBytes === 0) return false;
    if (this.#segmentBytes + batchBytes > this.#options.segmentBytesMax) return true;
    return endOffset - this.#segmentBaseOffset > 0x7fffffff;
  }

  #whenCommitted(endOffset: Offset, released: () => void): void {
    this.#waiters.add({ leaderEpoch: this.#leaderEpoch, endOffset, released });
    // Everything may be committed already: a duplicate of an old batch.
    if (this.#highWatermark >= endOffset) {
      this.#waiters.highWatermarkMoved(this.#leaderEpoch, this.#highWatermark);
    }
  }

  #updateHighWatermark(): void {
    if (!this.#isLeader) return;
    const self: VoterProgress = {
      persistedOffset: this.#persistedOffset,
      isWitness: false,
      isInSync: true,
    };
    const committed = committedOffset({
      voters: [self],
      minInsyncReplicas: 1,
      epochStartOffset: this.#epochStartOffset,
    });
    if (committed === undefined || committed <= this.#highWatermark) return;
    this.#highWatermark = committed;
    this.#waiters.highWatermarkMoved(this.#leaderEpoch, committed);
    this.#options.highWatermarkMoved(this);
  }

  #stored(baseOffset: Offset): ProduceOutcome {
    return { ok: true, baseOffset, logStartOffset: this.#logStartOffset };
  }
}

function headerOf(batch: Uint8Array): RecordBatchHeader {
  const header = readRecordBatchHeader(batch);
  assert(header.ok && header.value.totalBytes === batch.length, 'one whole, checked batch');
  return header.value;
}

function producerBatch(header: RecordBatchHeader, baseOffset: Offset): ProducerBatch {
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
