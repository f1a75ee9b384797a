import { leaderEpoch, offset } from '../../src/base/brand.ts';
import { concatBytes } from '../../src/base/bytes.ts';
import { ByteWriter } from '../../src/base/bytes.ts';
import { RecordBatchBuilder } from '../../src/wire/kafka/record-batch-builder.ts';
import type { RecordBatchHeader } from '../../src/wire/kafka/record-batch-header.ts';
import { readRecordBatchHeader, stampBatch } from '../../src/wire/kafka/record-batch-header.ts';
import { noRecordHeaders } from '../../src/wire/kafka/record-headers.ts';
import { readControlType } from '../../src/wire/kafka/control-record.ts';
import { iterateRecords } from '../../src/wire/kafka/record-iterator.ts';
import { nodeCompression } from '../../cloud-sync/compression.ts';

interface Stored {
  readonly bytes: Uint8Array;
  readonly header: RecordBatchHeader;
}

interface ProducerState {
  epoch: number;
  nextSequence: number;
  readonly recent: { readonly first: number; readonly last: number; readonly offset: number }[];
}

/** One record as a read_committed reader sees it. */
export interface SeenRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: string;
}

/** One partition with Kafka's rules about producers. All in memory, all committed at once. */
export class FakeKafkaLog {
  readonly batches: Stored[] = [];
  logStartOffset = 0;
  leaderEpoch = 0;
  /** False: another node leads it, and who asks here is told so. */
  isLed = true;
  /** False: what is committed in this leader epoch is not known yet (C6). */
  isEpochCommitted = true;
  readonly #records = new WeakMap<Stored, readonly SeenRecord[]>();
  readonly #producers = new Map<bigint, ProducerState>();

  get endOffset(): number {
    return (this.batches.at(-1)?.header.lastOffset ?? this.logStartOffset - 1) + 1;
  }

  /** Kafka's error code, and where the batch lies (a duplicate: where it lay already). */
  produce(bytes: Uint8Array): { readonly code: number; readonly offset: number } {
    const read = readRecordBatchHeader(bytes);
    if (!read.ok || read.value.totalBytes !== bytes.length || read.value.baseOffset !== 0) {
      return { code: 87, offset: -1 };
    }
    const header = read.value;
    const refused = header.producerId < 0n ? undefined : this.#checkProducer(header);
    if (refused !== undefined) return refused;
    return { code: 0, offset: this.append(bytes) };
  }

  /** Appends without any check and returns the base offset. */
  append(bytes: Uint8Array): number {
    const at = this.endOffset;
    const copy = bytes.slice();
    stampBatch(copy, 0, offset(at), leaderEpoch(this.leaderEpoch));
    const header = readRecordBatchHeader(copy);
    if (!header.ok) throw new Error(`fake log: ${header.error}`);
    this.batches.push({ bytes: copy, header: header.value });
    return at;
  }

  /** Takes over what another replica has, offsets and leader epochs with it. */
  follow(leader: FakeKafkaLog): void {
    this.batches.splice(0, this.batches.length, ...leader.batches);
    this.logStartOffset = leader.logStartOffset;
    this.leaderEpoch = leader.leaderEpoch;
    this.isLed = false;
  }

  /** Ends a transaction of that producer here; a marker of a higher epoch fences older ones. */
  mark(producerId: bigint, producerEpoch: number, committed: boolean): void {
    const key = new ByteWriter(4);
    key.int16(0);
    key.int16(committed ? 1 : 0);
    const value = new ByteWriter(6);
    value.int16(0);
    value.int32(0);
    const builder = new RecordBatchBuilder(128);
    builder.append(0, key.copy(), value.copy(), noRecordHeaders);
    const identity = { producerId, producerEpoch, isTransactional: true, isControl: true };
    this.append(builder.finish(identity));
    const state = this.#producers.get(producerId);
    if (state === undefined || state.epoch < producerEpoch) {
      this.#producers.set(producerId, { epoch: producerEpoch, nextSequence: 0, recent: [] });
    }
  }

  /** Whole batches from the one that holds `from`, at least one. */
  read(from: number, bytesMax: number): Uint8Array {
    const found: Uint8Array[] = [];
    let size = 0;
    for (const { bytes, header } of this.batches) {
      if (header.lastOffset < from) continue;
      if (found.length > 0 && size + bytes.length > bytesMax) break;
      found.push(bytes);
      size += bytes.length;
    }
    return concatBytes(found);
  }

  /** Deletes whole batches below `to`. */
  deleteBefore(to: number): void {
    while ((this.batches[0]?.header.lastOffset ?? Infinity) < to) this.batches.shift();
    this.logStartOffset = to;
  }

  /**
   * What a read_committed reader gets, in order. Data of open or aborted transactions is left out.
   */
  committed(): readonly SeenRecord[] {
    const isCommitted = new Map<Stored, boolean>();
    const open = new Map<bigint, Stored[]>();
    for (const batch of this.batches) {
      const { producerId, isControl, isTransactional } = batch.header;
      if (isControl && isTransactional) {
        const commits = readControlType(batch.bytes, batch.header) === 'COMMIT';
        for (const each of open.get(producerId) ?? []) isCommitted.set(each, commits);
        open.delete(producerId);
      } else if (isTransactional) open.set(producerId, [...(open.get(producerId) ?? []), batch]);
      else if (!isControl) isCommitted.set(batch, true);
    }
    return this.batches
      .filter((batch) => isCommitted.get(batch) === true)
      .flatMap((batch) => this.#recordsOf(batch));
  }

  /** Asked for after each event of a world: a batch does not change, so it is decoded once. */
  #recordsOf(batch: Stored): readonly SeenRecord[] {
    const known = this.#records.get(batch);
    if (known !== undefined) return known;
    const records = recordsOf(batch);
    this.#records.set(batch, records);
    return records;
  }

  #checkProducer(header: RecordBatchHeader): { code: number; offset: number } | undefined {
    const { producerId, producerEpoch, baseSequence, lastOffsetDelta } = header;
    const state = this.#producers.get(producerId);
    if (state !== undefined && producerEpoch < state.epoch) return { code: 47, offset: -1 };
    const isNew = state === undefined || producerEpoch > state.epoch;
    if (!isNew) {
      const last = baseSequence + lastOffsetDelta;
      const same = state.recent.find((one) => one.first === baseSequence && one.last === last);
      if (same !== undefined) return { code: 0, offset: same.offset };
    }
    if (baseSequence !== (isNew ? 0 : state.nextSequence)) return { code: 45, offset: -1 };
    const kept = isNew ? { epoch: producerEpoch, nextSequence: 0, recent: [] } : state;
    kept.nextSequence = baseSequence + lastOffsetDelta + 1;
    kept.recent.push({
      first: baseSequence,
      last: baseSequence + lastOffsetDelta,
      offset: this.endOffset,
    });
    if (kept.recent.length > 5) kept.recent.shift();
    this.#producers.set(producerId, kept);
    return undefined;
  }
}

function recordsOf({ bytes, header }: Stored): readonly SeenRecord[] {
  const decompression = { compression: nodeCompression, bytesMax: 64 * 1024 * 1024 };
  const records = iterateRecords(bytes, header, decompression);
  if (!records.ok) throw new Error(`fake log: ${records.error}`);
  const seen: SeenRecord[] = [];
  while (records.value.next()) {
    seen.push({
      offset: records.value.offset,
      key: Buffer.from(records.value.key() ?? []).toString(),
      value: Buffer.from(records.value.value() ?? []).toString('latin1'),
    });
  }
  if (records.value.fault !== undefined) throw new Error(`fake log: ${records.value.fault}`);
  return seen;
}
