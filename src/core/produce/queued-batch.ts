import { present } from '../../base/assert.ts';
import type { MonotonicMs } from '../../base/brand.ts';
import { patchForForward } from '../../wire/kafka/header-patch.ts';
import { RecordBatchBuilder } from '../../wire/kafka/record-batch-builder.ts';
import {
  readRecordBatchHeader,
  type RecordBatchHeader,
} from '../../wire/kafka/record-batch-header.ts';
import { iterateRecords } from '../../wire/kafka/record-iterator.ts';
import type { ProduceOutcome } from '../kafka/broker-view.ts';
import type { ProducerTriple } from './producer-triple.ts';
import type { RecordWaiter } from './record-waiter.ts';

/** A finished batch between its producer on this node and the partition's leader. */
export class QueuedBatch {
  bytes: Uint8Array;
  triple: ProducerTriple | undefined;
  /** One for each record; those of records that were cut out are taken away. */
  readonly waiters: RecordWaiter[];
  readonly done: (outcome: ProduceOutcome) => void;
  readonly queuedAt: MonotonicMs;
  /** A leader may have it under its triple: neither may change any more. */
  isSent = false;
  isSettled = false;
  /** A log or a link may still hold the array: whoever stamps it stamps a copy. */
  isShared = false;
  /** Counts its sends: only the last one may fail it. */
  attempt = 0;
  /** How often it was refused under a triple and got another one. */
  renewals = 0;

  // hot: once for each batch
  constructor(
    bytes: Uint8Array,
    triple: ProducerTriple | undefined,
    waiters: RecordWaiter[],
    done: (outcome: ProduceOutcome) => void,
    queuedAt: MonotonicMs,
  ) {
    this.bytes = bytes;
    this.triple = triple;
    this.waiters = waiters;
    this.done = done;
    this.queuedAt = queuedAt;
  }

  get recordCount(): number {
    return this.waiters.length;
  }

  /** Never sent: takes this triple, at the cost of a copy where it was built for another one. */
  stamp(triple: ProducerTriple): void {
    const { triple: built } = this;
    const isSame =
      built?.producerId === triple.producerId &&
      built.producerEpoch === triple.producerEpoch &&
      built.baseSequence === triple.baseSequence;
    if (isSame) return;
    this.triple = triple;
    this.#copy(triple);
  }

  /** Bytes that a leader on this node may stamp, or another node may read. */
  takeBytes(): Uint8Array {
    if (this.isShared && this.triple !== undefined) this.#copy(this.triple);
    this.isShared = true;
    return this.bytes;
  }

  /**
   * P3: leaves out the records whose connections are closed; only while it was never sent.
   * @returns whether a record is left.
   */
  cutGone(): boolean {
    const { waiters } = this;
    if (!waiters.some(({ isGone }) => isGone)) return true;
    const header = headerOf(this.bytes);
    const records = iterateRecords(this.bytes, header);
    const iterator = present(records.ok ? records.value : undefined, 'ingest does not compress');
    const builder = new RecordBatchBuilder(this.bytes.length);
    let kept = 0;
    for (const waiter of [...waiters]) {
      iterator.next();
      if (waiter.isGone) continue;
      waiters[kept++] = waiter;
      const { timestamp } = iterator;
      builder.append(timestamp, iterator.key(), iterator.value(), iterator.encodedHeaders());
    }
    waiters.length = kept;
    if (kept === 0) return false;
    this.triple = undefined;
    this.bytes = builder.finish();
    return true;
  }

  #copy(triple: ProducerTriple): void {
    const header = headerOf(this.bytes);
    this.bytes = patchForForward(this.bytes, header, { ...triple, isTransactional: false });
    this.isShared = false;
  }
}

function headerOf(bytes: Uint8Array): RecordBatchHeader {
  const header = readRecordBatchHeader(bytes);
  return present(header.ok ? header.value : undefined, 'a batch of our own');
}
