import { expect, test } from 'vitest';
import { offset } from '../../../../src/base/brand.ts';
import { planForward } from '../../../../src/core/forward/rebuild.ts';
import type { ForwardPlan } from '../../../../src/core/forward/rebuild.ts';
import { compressBatch } from '../../../../src/wire/kafka/batch-compression.ts';
import { scanBatches } from '../../../../src/wire/kafka/batch-scan.ts';
import { buildLeaderChangeBatch } from '../../../../src/wire/kafka/control-record.ts';
import { RecordBatchBuilder } from '../../../../src/wire/kafka/record-batch-builder.ts';
import { encodeRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';
import { iterateRecords } from '../../../../src/wire/kafka/record-iterator.ts';
import { nodeCompression } from '../../../../cloud-sync/compression.ts';
import { FakeKafkaLog } from '../../../fakes/fake-kafka-log.ts';

const headers = encodeRecordHeaders([{ key: 'mqtt.qos', value: Uint8Array.of(49) }]);
const decompression = { compression: nodeCompression, bytesMax: 10_000_000 };

function batch(log: FakeKafkaLog, records: number, bytes: number, timestamp = 1_000): void {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < records; i++) {
    const value = i % 5 === 4 ? undefined : new Uint8Array(bytes).fill(i);
    const key = i % 3 === 2 ? undefined : Uint8Array.of(i);
    builder.append(timestamp - i, key, value, headers);
  }
  log.append(builder.finish());
}

function plan(log: FakeKafkaLog, batchBytesMax = 1_000_000, from = 0): ForwardPlan {
  const bytes = log.read(from, Infinity);
  const scan = scanBatches(bytes);
  const options = {
    from: offset(from),
    batchBytesMax,
    type: 'gzip' as const,
    compression: nodeCompression,
  };
  return planForward(bytes, scan.headers, options);
}

/** Everything about the records but their offsets. */
function records(
  list: readonly { bytes: Uint8Array; header: Parameters<typeof iterateRecords>[1] }[],
) {
  return list.flatMap(({ bytes, header }) => {
    const read = iterateRecords(bytes, header, decompression);
    if (!read.ok) throw new Error(read.error);
    const found: unknown[] = [];
    while (read.value.next()) {
      const { timestamp } = read.value;
      found.push([timestamp, read.value.key(), read.value.value(), read.value.headers()]);
    }
    return found;
  });
}

const stored = (log: FakeKafkaLog) =>
  records(log.batches.filter(({ header }) => !header.isControl));

test('small batches become one compressed batch with the same records', () => {
  const log = new FakeKafkaLog();
  for (let i = 0; i < 20; i++) batch(log, 5, 40, 1_000 + 1_000 * (i % 3));
  const made = plan(log);
  expect(made.batches).toHaveLength(1);
  expect(made.batches[0]?.header).toMatchObject({ recordCount: 100, codec: 1, baseOffset: 0 });
  expect(records(made.batches)).toEqual(stored(log));
  expect(made.nextOffset).toBe(log.endOffset);
});

test('large batches pass as they are', () => {
  const log = new FakeKafkaLog();
  for (let i = 0; i < 3; i++) batch(log, 5, 9_000);
  const made = plan(log);
  expect(made.batches.map(({ header }) => header.baseOffset)).toEqual([0, 5, 10]);
  expect(records(made.batches)).toEqual(stored(log));
});

test('order holds where a large batch lies between small ones', () => {
  const log = new FakeKafkaLog();
  for (let i = 0; i < 9; i++) batch(log, 3, i === 4 ? 5_000 : 10, i);
  const made = plan(log);
  expect(made.batches).toHaveLength(3);
  expect(records(made.batches)).toEqual(stored(log));
});

test('control batches stay here, and the batch that X1 compares is the last one with data', () => {
  const log = new FakeKafkaLog();
  const change = { leaderId: 1, voters: [1], grantingVoters: [1] };
  const place = { baseOffset: 0, leaderEpoch: 3, timestamp: 5 };
  log.append(buildLeaderChangeBatch(change, place));
  expect(plan(log)).toEqual({ batches: [], nextOffset: 1, lastForwarded: undefined });
  batch(log, 2, 10);
  log.append(buildLeaderChangeBatch(change, place));
  const made = plan(log);
  expect(made.batches).toHaveLength(1);
  expect(made.nextOffset).toBe(4);
  expect(made.lastForwarded?.baseOffset).toBe(1);
  expect(made.lastForwarded?.crc).toBe(log.batches[1]?.header.crc);
});

test('no built batch is larger than central shall get, and a larger one is split', () => {
  const log = new FakeKafkaLog();
  for (let i = 0; i < 3; i++) batch(log, 40, 400);
  const made = plan(log, 5_000);
  expect(made.batches.length).toBeGreaterThan(3);
  for (const { bytes } of made.batches) expect(bytes.length).toBeLessThanOrEqual(5_000);
  expect(records(made.batches)).toEqual(stored(log));
});

test('a position inside a batch leaves out what lies before it, compressed or not', () => {
  const log = new FakeKafkaLog();
  batch(log, 8, 40);
  log.append(plan(log).batches[0]?.bytes ?? new Uint8Array(0));
  batch(log, 2, 40);
  for (const from of [3, 8, 11, 15]) {
    const made = plan(log, 1_000_000, from);
    expect(records(made.batches)).toEqual(stored(log).slice(from));
    expect(made.nextOffset).toBe(18);
  }
});

test('small batches that hide much are spread over several plans, none is left out', () => {
  const log = new FakeKafkaLog();
  const builder = new RecordBatchBuilder();
  builder.append(1_000, undefined, new Uint8Array(1_000_000), headers);
  const plain = builder.finish();
  const header = scanBatches(plain).headers[0] as Parameters<typeof compressBatch>[1];
  for (let i = 0; i < 40; i++) log.append(compressBatch(plain, header, 'gzip', nodeCompression));
  let from = 0;
  let plans = 0;
  for (; from < log.endOffset; plans++) {
    const made = plan(log, 10_000_000, from);
    expect(made.nextOffset - from).toBeLessThanOrEqual(17);
    expect(made.lastForwarded?.baseOffset).toBe(made.nextOffset - 1);
    expect(records(made.batches)).toHaveLength(made.nextOffset - from);
    from = made.nextOffset;
  }
  expect(plans).toBe(3);
});
