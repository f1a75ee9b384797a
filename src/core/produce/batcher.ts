import { offset, type LogId, type MonotonicMs, type TimestampMs } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { isInternalTopicName } from '../../base/topic-name.ts';
import { batchOverheadBytes } from '../../wire/kafka/record-batch-header.ts';
import { RecordBatchBuilder } from '../../wire/kafka/record-batch-builder.ts';
import { sequenceAfter } from '../../wire/kafka/sequence.ts';
import type { ProduceOutcome } from '../kafka/broker-view.ts';
import type { Now } from '../now.ts';
import type { Partition } from '../partition.ts';
import type { RecordWaiter } from './record-waiter.ts';

export interface IngestRecord {
  readonly timestamp: TimestampMs;
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
  /** As `encodeRecordHeaders` gives it. */
  readonly headers: Uint8Array;
}

export interface BatcherOptions {
  readonly batchBytesMax: number;
  readonly lingerMs: number;
}

interface OpenBatch {
  readonly partition: Partition;
  readonly builder: RecordBatchBuilder;
  readonly isInternal: boolean;
  waiters: RecordWaiter[];
  openedAtMs: MonotonicMs;
}

/**
 * The open batch of each partition. All of them carry this start's ingest producer id and a
 * sequence of their own for each partition (P1). A batch closes when it is full, and else at the
 * end of a turn, once its linger is over and no earlier batch waits for the disk: under load
 * batches grow while the disk is busy, and then go to it together (group commit). Only our own
 * batches are waited for: those of others may follow each other without a pause.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #open = new Map<LogId, OpenBatch>();
  readonly #sequences = new Map<LogId, number>();
  #producerId: bigint | undefined;
  #pendingBytes = 0;
  /** Of them, those of topics that are not internal. */
  #pendingDataBytes = 0;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** P4: one ingest producer id for each start of the process. */
  set producerId(producerId: bigint) {
    this.#producerId = producerId;
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
    partition: Partition,
    record: IngestRecord,
    waiter: RecordWaiter,
    now: Now,
  ): ErrorCode | undefined {
    const bytes = RecordBatchBuilder.recordBytesMax(
      record.key?.length ?? 0,
      record.value?.length ?? 0,
      record.headers.length,
    );
    const bytesMax = this.#options.batchBytesMax;
    if (batchOverheadBytes + bytes > bytesMax) return 'RECORD_TOO_LARGE';
    const batch = this.#openBatch(partition, now);
    if (batch.builder.totalBytes + bytes > bytesMax) this.#close(batch);
    const { builder, waiters } = batch;
    if (builder.recordCount === 0) batch.openedAtMs = now.monotonicMs;
    builder.append(record.timestamp, record.key, record.value, record.headers);
    waiters.push(waiter);
    return undefined;
  }

  /** Closes the open batch of a partition now, whatever it would wait for. */
  flush({ logId }: Partition): void {
    const batch = this.#open.get(logId);
    if (batch !== undefined && batch.builder.recordCount > 0) this.#close(batch);
  }

  turnEnded(now: Now): void {
    const isDataWaiting = this.#isDataWaiting;
    for (const batch of this.#open.values()) {
      if (batch.builder.recordCount === 0 || mustWait(batch, isDataWaiting)) continue;
      if (now.monotonicMs >= this.#dueAt(batch)) this.#close(batch);
    }
  }

  /**
   * When the next lingering batch is due. None is while earlier ones wait for the disk: its answer
   * begins the next turn, and a deadline that has passed would be asked for again and again.
   */
  nextDeadline(): number | undefined {
    if (this.#options.lingerMs === 0) return undefined;
    let next: number | undefined;
    const isDataWaiting = this.#isDataWaiting;
    for (const batch of this.#open.values()) {
      if (batch.builder.recordCount === 0 || mustWait(batch, isDataWaiting)) continue;
      const due = this.#dueAt(batch);
      if (next === undefined || due < next) next = due;
    }
    return next;
  }

  get #isDataWaiting(): boolean {
    return this.#pendingDataBytes > 0;
  }

  /** One sum for the deadline and its test: a difference may round to the other side of it. */
  #dueAt({ openedAtMs }: OpenBatch): number {
    return openedAtMs + this.#options.lingerMs;
  }

  #openBatch(partition: Partition, now: Now): OpenBatch {
    const known = this.#open.get(partition.logId);
    if (known !== undefined) return known;
    const builder = new RecordBatchBuilder();
    const isInternal = isInternalTopicName(partition.topic);
    const openedAtMs = now.monotonicMs;
    const batch: OpenBatch = { partition, builder, isInternal, waiters: [], openedAtMs };
    this.#open.set(partition.logId, batch);
    return batch;
  }

  #close(batch: OpenBatch): void {
    const { partition, builder, isInternal, waiters } = batch;
    const baseSequence = this.#sequences.get(partition.logId) ?? 0;
    this.#sequences.set(partition.logId, sequenceAfter(baseSequence, builder.recordCount));
    batch.waiters = [];
    const bytes = builder.finish(
      this.#producerId === undefined
        ? {}
        : { producerId: this.#producerId, producerEpoch: 0, baseSequence },
    );
    const dataBytes = isInternal ? 0 : bytes.length;
    this.#pendingBytes += bytes.length;
    this.#pendingDataBytes += dataBytes;
    partition.produce(bytes, (outcome) => {
      this.#pendingBytes -= bytes.length;
      this.#pendingDataBytes -= dataBytes;
      settle(waiters, outcome);
    });
  }
}

/**
 * Batches of data go to the disk together. Those of an internal topic wait for their own log only:
 * on a full disk what they commit, a drop, makes the room that the others wait for (L9).
 */
const mustWait = ({ partition, isInternal }: OpenBatch, isDataWaiting: boolean): boolean =>
  isInternal ? !partition.isAllPersisted : isDataWaiting;

function settle(waiters: readonly RecordWaiter[], outcome: ProduceOutcome): void {
  if (!outcome.ok) {
    for (const waiter of waiters) waiter.settled(outcome);
    return;
  }
  for (let i = 0; i < waiters.length; i++) {
    waiters[i]?.settled({ ok: true, offset: offset(outcome.baseOffset + i) });
  }
}
