import { clockNode } from '../../edge/clock-node.ts';
import { NodeDisk } from '../../edge/disk-node.ts';
import { randomNode } from '../../edge/random-node.ts';
import { present } from '../../src/base/assert.ts';
import type { LeaderEpoch } from '../../src/base/brand.ts';
import { offset, timestampMs } from '../../src/base/brand.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import { Storage } from '../../src/log/storage.ts';
import { patchForForward } from '../../src/wire/kafka/header-patch.ts';
import { encodeProducerSnapshot } from '../../src/wire/kafka/producer-snapshot.ts';
import { RecordBatchBuilder } from '../../src/wire/kafka/record-batch-builder.ts';
import { readRecordBatchHeader, stampBatch } from '../../src/wire/kafka/record-batch-header.ts';
import type { RecordBatchHeader } from '../../src/wire/kafka/record-batch-header.ts';
import { noRecordHeaders } from '../../src/wire/kafka/record-headers.ts';

const segmentBytes = 16 * 1024 * 1024;
const batchBytes = 16 * 1024;
const batchesPerWrite = 64;
/** Of a producer that is nobody's: producer ids of nodes begin at 0 and count up. */
const producerId = 1_000_000_000n;

/**
 * Fills the data logs of a stopped node through the product's own log, in sealed segments of the
 * default size with their indexes, sidecars and snapshots, and closes it as a clean stop does.
 */
export const fillLogs = async (
  dataDir: string,
  bytes: number,
): Promise<{ readonly bytes: number; readonly segments: number }> => {
  const opened = await Storage.open(new NodeDisk(dataDir), {
    nodeId: 1,
    random: randomNode,
    clock: clockNode,
    config: { segmentBytes, indexIntervalBytes: 4_096, reserveBytes: 0 },
  });
  if (!opened.ok) throw new Error(`the data directory does not open: ${opened.error.code}`);
  const storage = opened.value;
  const logs = storage.logs.filter(({ topic }) => !topic.startsWith('__'));
  const fillers = logs.map((log) => new LogFiller(log));
  while (storage.bytes < bytes) for (const filler of fillers) await filler.fillSegment();
  const segments = logs.reduce((sum, log) => sum + log.segments().length, 0);
  for (const log of storage.logs) {
    const filler = fillers.find((one) => one.log === log);
    const snapshot = filler?.snapshot();
    await log.close({
      clean: true,
      ...(snapshot === undefined ? {} : { producerSnapshot: snapshot }),
    });
  }
  const total = storage.bytes;
  await storage.close();
  return { bytes: total, segments };
};

class LogFiller {
  readonly log: PartitionLog;
  readonly #template = templateBatch();
  readonly #epoch: LeaderEpoch;
  #nextSequence = 0;
  #lastOffset = -1;

  constructor(log: PartitionLog) {
    this.log = log;
    this.#epoch = present(log.epochStarts.at(-1), 'a log that was led has an epoch').leaderEpoch;
  }

  async fillSegment(): Promise<void> {
    while (this.log.activeSegment.bytes < segmentBytes - batchesPerWrite * batchBytes) {
      await this.log.append(this.#nextBatches());
    }
    await this.log.roll(this.snapshot());
  }

  /** The one producer and its newest batch. */
  snapshot(): Uint8Array {
    const count = this.#template.header.recordCount;
    const batch = {
      baseSequence: this.#nextSequence - count,
      lastSequence: this.#nextSequence - 1,
      baseOffset: offset(this.#lastOffset + 1 - count),
      lastOffset: offset(this.#lastOffset),
      timestamp: timestampMs(Date.now()),
    };
    const batches = this.#lastOffset < 0 ? [] : [batch];
    return encodeProducerSnapshot([{ producerId, producerEpoch: 0, sequenceFloor: 0, batches }]);
  }

  #nextBatches(): Uint8Array[] {
    const { bytes, header } = this.#template;
    let next = this.log.logEndOffset;
    return Array.from({ length: batchesPerWrite }, () => {
      const baseSequence = this.#nextSequence;
      const identity = { producerId, producerEpoch: 0, baseSequence, isTransactional: false };
      const batch = patchForForward(bytes, header, identity);
      stampBatch(batch, 0, next, this.#epoch);
      next = (next + header.recordCount) as typeof next;
      this.#nextSequence += header.recordCount;
      this.#lastOffset = next - 1;
      return batch;
    });
  }
}

/** Records of 200 bytes, as many as a batch holds. */
const templateBatch = (): { readonly bytes: Uint8Array; readonly header: RecordBatchHeader } => {
  const builder = new RecordBatchBuilder(batchBytes);
  const value = new Uint8Array(200).map((_, at) => (at * 131) & 0xff);
  const key = new TextEncoder().encode('plant/press-1/climate');
  while (builder.totalBytes + 250 < batchBytes) {
    builder.append(timestampMs(Date.now()), key, value, noRecordHeaders);
  }
  const bytes = builder.finish();
  const header = readRecordBatchHeader(bytes);
  return { bytes, header: present(header.ok ? header.value : undefined, 'a built batch is sound') };
};
