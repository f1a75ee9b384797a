import type { MonotonicMs, TimestampMs } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isInternalTopicName } from '../../base/topic-name.ts';
import { batchOverheadBytes } from '../../wire/kafka/record-batch-header.ts';
import { RecordBatchBuilder } from '../../wire/kafka/record-batch-builder.ts';
import type { Now } from '../now.ts';
import { DiskWaves } from './disk-waves.ts';
import type { ProduceQueue } from './produce-queue.ts';
import type { RecordWaiter } from './record-waiter.ts';

export interface IngestRecord {
  readonly timestamp: TimestampMs;
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
  /** As `encodeRecordHeaders` gives it. */
  readonly headers: Uint8Array;
}

export interface BatcherOptions {
  /** Of topics that are not internal: this node's own config. */
  readonly batchBytesMax: number;
  readonly lingerMs: number;
}

interface OpenBatch {
  readonly queue: ProduceQueue;
  readonly builder: RecordBatchBuilder;
  readonly isInternal: boolean;
  waiters: RecordWaiter[];
  openedAtMs: MonotonicMs;
}

/**
 * The open batch of each partition, on its way into the partition's queue (P1). A batch closes when
 * it is full, and else at the end of a turn, once its linger is over and the disk of this node is
 * ready for more: under load batches grow while it is busy, and then go to it together (group
 * commit, see DiskWaves). Only our own batches are waited for: those of others may follow each
 * other without a pause. One for another node grows while its queue has no room in flight.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #open = new Map<ProduceQueue, OpenBatch>();
  /** Of topics that are not internal. */
  readonly #waves = new DiskWaves();
  #pendingBytes = 0;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Bytes that were appended and are not settled yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Appends one record; its waiter is settled when the batch is. Bytes are copied.
   * @returns RECORD_TOO_LARGE if no batch can hold the record; its waiter is not kept then.
   */
  append(
    queue: ProduceQueue,
    record: IngestRecord,
    waiter: RecordWaiter,
    now: Now,
  ): ErrorCode | undefined {
    const bytes = RecordBatchBuilder.recordBytesMax(
      record.key?.length ?? 0,
      record.value?.length ?? 0,
      record.headers.length,
    );
    const batch = this.#openBatch(queue, now);
    // What one node has to say in an internal topic all others must take.
    const bytesMax = batch.isInternal ? limits.internalBatchBytesMax : this.#options.batchBytesMax;
    if (batchOverheadBytes + bytes > bytesMax) return 'RECORD_TOO_LARGE';
    if (batch.builder.totalBytes + bytes > bytesMax) this.#close(batch);
    const { builder, waiters } = batch;
    if (builder.recordCount === 0) batch.openedAtMs = now.monotonicMs;
    builder.append(record.timestamp, record.key, record.value, record.headers);
    waiters.push(waiter);
    return undefined;
  }

  /** Closes the open batch of a partition now, whatever it would wait for. */
  flush(queue: ProduceQueue): void {
    const batch = this.#open.get(queue);
    if (batch !== undefined && batch.builder.recordCount > 0) this.#close(batch);
  }

  turnEnded(now: Now): void {
    const mustGather = this.#mustGather;
    for (const batch of this.#open.values()) {
      if (batch.builder.recordCount === 0 || mustWait(batch, mustGather)) continue;
      if (now.monotonicMs >= this.#dueAt(batch)) this.#close(batch);
    }
    this.#waves.turnEnded();
  }

  /**
   * When the next lingering batch is due. None is while earlier ones wait for the disk: its answer
   * begins the next turn, and a deadline that has passed would be asked for again and again.
   */
  nextDeadline(): number | undefined {
    if (this.#options.lingerMs === 0) return undefined;
    let next: number | undefined;
    const mustGather = this.#mustGather;
    for (const batch of this.#open.values()) {
      if (batch.builder.recordCount === 0 || mustWait(batch, mustGather)) continue;
      const due = this.#dueAt(batch);
      if (next === undefined || due < next) next = due;
    }
    return next;
  }

  /** Whether data for this node's disk waits. */
  get #mustGather(): boolean {
    let openBytes = 0;
    for (const { builder, isInternal, queue } of this.#open.values()) {
      if (builder.recordCount > 0 && !isInternal && queue.isLocal) openBytes += builder.totalBytes;
    }
    return this.#waves.mustGather(openBytes);
  }

  /** One sum for the deadline and its test: a difference may round to the other side of it. */
  #dueAt({ openedAtMs }: OpenBatch): number {
    return openedAtMs + this.#options.lingerMs;
  }

  #openBatch(queue: ProduceQueue, now: Now): OpenBatch {
    const known = this.#open.get(queue);
    if (known !== undefined) return known;
    const builder = new RecordBatchBuilder();
    const isInternal = isInternalTopicName(queue.target.topic);
    const openedAtMs = now.monotonicMs;
    const batch: OpenBatch = { queue, builder, isInternal, waiters: [], openedAtMs };
    this.#open.set(queue, batch);
    return batch;
  }

  #close(batch: OpenBatch): void {
    const { queue, builder, isInternal, waiters } = batch;
    batch.waiters = [];
    const triple = queue.nextTriple();
    const bytes = builder.finish(triple);
    // Only what goes to this node's disk is waited for by what goes there next.
    const left = isInternal || !queue.isLocal ? undefined : this.#waves.joined(bytes.length);
    this.#pendingBytes += bytes.length;
    queue.push(bytes, triple, waiters, (outcome) => {
      this.#pendingBytes -= bytes.length;
      left?.();
      waiters.forEach((waiter, index) => waiter.settled(outcome, index));
    });
  }
}

/**
 * Batches of data go to the disk together. Those of an internal topic wait for their own log only:
 * on a full disk what they commit, a drop, makes the room that the others wait for (L9).
 */
const mustWait = ({ queue, isInternal }: OpenBatch, mustGather: boolean): boolean => {
  if (isInternal) return !queue.isEmpty;
  return queue.isLocal ? mustGather : !queue.isReady;
};
