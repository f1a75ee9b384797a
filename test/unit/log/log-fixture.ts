import { logGeneration, monotonicMs, timestampMs, uuid } from '../../../src/base/brand.ts';
import type {
  LogGeneration,
  MonotonicMs,
  Offset,
  TimestampMs,
  Uuid,
} from '../../../src/base/brand.ts';
import { Prng } from '../../../src/base/prng.ts';
import type { PartitionLog } from '../../../src/log/partition-log.ts';
import { Storage } from '../../../src/log/storage.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Disk } from '../../../src/ports/disk.ts';
import type { Random } from '../../../src/ports/random.ts';
import { scanBatches } from '../../../src/wire/kafka/batch-scan.ts';
import { encodeProducerSnapshot } from '../../../src/wire/kafka/producer-snapshot.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../src/wire/kafka/record-headers.ts';

export const topicId = uuid('0b5c1f5e-6a1b-4c7d-8e9f-102030405060');
export const otherTopicId = uuid('99999999-6a1b-4c7d-8e9f-102030405060');

export class ManualClock implements Clock {
  nowMs = 1_000;

  wallMs(): TimestampMs {
    return timestampMs(this.nowMs);
  }

  monotonicMs(): MonotonicMs {
    return monotonicMs(this.nowMs);
  }
}

export class SeededRandom implements Random {
  readonly #prng: Prng;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
  }

  next(): number {
    return this.#prng.next();
  }

  uuid(): Uuid {
    const hex = Array.from({ length: 32 }, () => this.#prng.below(16).toString(16)).join('');
    return uuid(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
  }
}

export interface BatchSpec {
  readonly base: number;
  readonly epoch?: number;
  readonly records?: number;
  readonly valueBytes?: number;
  readonly timestamp?: number;
  readonly fill?: number;
  readonly producerId?: bigint;
  readonly sequence?: number;
  readonly isControl?: boolean;
}

/** One finished batch with its place in the log. */
export function makeBatch(spec: BatchSpec): Uint8Array {
  const builder = new RecordBatchBuilder(256);
  const value = new Uint8Array(spec.valueBytes ?? 40).fill(spec.fill ?? spec.base & 0xff);
  for (let index = 0; index < (spec.records ?? 1); index++) {
    builder.append(
      (spec.timestamp ?? 1_000 + spec.base) + index,
      undefined,
      value,
      noRecordHeaders,
    );
  }
  return builder.finish({
    baseOffset: spec.base,
    leaderEpoch: spec.epoch ?? 1,
    isControl: spec.isControl ?? false,
    ...(spec.producerId === undefined
      ? {}
      : {
          producerId: spec.producerId,
          producerEpoch: 0,
          baseSequence: spec.sequence ?? 0,
        }),
  });
}

export const emptySnapshot = encodeProducerSnapshot([]);

export interface OpenOptions {
  readonly clock?: ManualClock;
  readonly indexIntervalBytes?: number;
  readonly reserveBytes?: number;
  readonly nodeId?: number;
}

export const storageOptions = (options: OpenOptions = {}) => ({
  nodeId: options.nodeId ?? 1,
  random: new SeededRandom(7),
  clock: options.clock ?? new ManualClock(),
  config: {
    segmentBytes: 1 << 20,
    indexIntervalBytes: options.indexIntervalBytes ?? 256,
    reserveBytes: options.reserveBytes ?? 0,
  },
});

export async function openStorage(disk: Disk, options: OpenOptions = {}): Promise<Storage> {
  const opened = await Storage.open(disk, storageOptions(options));
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}

/** A storage with one log `sensors-0`. */
export async function openLog(
  disk: Disk,
  options: OpenOptions = {},
): Promise<{ readonly storage: Storage; readonly log: PartitionLog }> {
  const storage = await openStorage(disk, options);
  return { storage, log: await storage.createLog('sensors', topicId, 0) };
}

/** The generation that a cut of the log begins. */
export const nextGeneration = (log: PartitionLog): LogGeneration =>
  logGeneration(log.generation + 1);

/** Appends batches of `records` records until the log end is `to`, without a sync. */
export async function fill(
  log: PartitionLog,
  to: number,
  spec: Omit<BatchSpec, 'base'> = {},
): Promise<void> {
  while (log.logEndOffset < to) await log.append([makeBatch({ ...spec, base: log.logEndOffset })]);
}

export const baseOffsets = (bytes: Uint8Array): number[] =>
  scanBatches(bytes).headers.map((header) => header.baseOffset);

/** Every batch that can be read, by base offset, and the offsets that reads refuse or jump. */
export async function readAll(
  log: PartitionLog,
  bytesMax = 500,
): Promise<{ readonly batches: Map<number, Uint8Array>; readonly refused: [number, number][] }> {
  const batches = new Map<number, Uint8Array>();
  const refused: [number, number][] = [];
  let from: number = log.logStartOffset;
  while (from < log.logEndOffset) {
    const read = await log.read({ from: from as Offset, to: log.logEndOffset, bytesMax });
    if (!read.ok) {
      if (read.error.code !== 'KAFKA_STORAGE_ERROR') throw new Error(read.error.code);
      refused.push([from, read.error.rot.to]);
      from = Math.max(from + 1, read.error.rot.to);
      continue;
    }
    const { headers, fault } = scanBatches(read.value);
    if (fault !== undefined || headers.length === 0) throw new Error(`bad read at ${from}`);
    for (const header of headers) {
      if (header.baseOffset > from) refused.push([from, header.baseOffset]);
      const end = header.position + header.totalBytes;
      batches.set(header.baseOffset, read.value.slice(header.position, end));
      from = header.lastOffset + 1;
    }
  }
  return { batches, refused };
}
