import { expect, test } from 'vitest';
import { leaderEpoch, offset, uuid } from '../../../../src/base/brand.ts';
import { utf8Encode } from '../../../../src/base/bytes.ts';
import { CursorScan } from '../../../../src/core/forward/cursor-scan.ts';
import { cursorBytes, cursorKey } from '../../../../src/core/forward/cursor.ts';
import { compressBatch } from '../../../../src/wire/kafka/batch-compression.ts';
import { RecordBatchBuilder } from '../../../../src/wire/kafka/record-batch-builder.ts';
import { readRecordBatchHeader } from '../../../../src/wire/kafka/record-batch-header.ts';
import { noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';
import { nodeCompression } from '../../../../cloud-sync/compression.ts';
import { FakeKafkaLog } from '../../../fakes/fake-kafka-log.ts';

const key = cursorKey(uuid('c'), uuid('t'), 0);
const decompression = { compression: nodeCompression, bytesMax: 1_000_000 };

const cursorAt = (at: number): Uint8Array =>
  cursorBytes({
    forwardOffset: offset(at),
    edgeLeaderEpoch: leaderEpoch(1),
    lastForwarded: undefined,
    topic: 't',
    nodeId: 1,
    writtenAtMs: 0,
    decisionId: '',
  });

/** Appends a cursor record; without a producer id it is not transactional. */
function put(log: FakeKafkaLog, at: number | 'tombstone', producerId = -1n, name = key): void {
  const builder = new RecordBatchBuilder();
  const value = at === 'tombstone' ? undefined : cursorAt(at);
  builder.append(0, utf8Encode(name), value, noRecordHeaders);
  const isTransactional = producerId >= 0n;
  log.append(builder.finish({ producerId, producerEpoch: 0, baseSequence: 0, isTransactional }));
}

function newest(log: FakeKafkaLog): number | undefined {
  const scan = new CursorScan(key, 0, decompression);
  while (scan.nextOffset < log.endOffset) {
    expect(scan.add(log.read(scan.nextOffset, 150)).ok).toBe(true);
  }
  const found = scan.finish();
  return found.ok ? found.value?.forwardOffset : Number.NaN;
}

test('the newest committed cursor counts, aborted and undecided ones do not', () => {
  const log = new FakeKafkaLog();
  expect(newest(log)).toBeUndefined();
  put(log, 10, 1n);
  expect(newest(log)).toBeUndefined();
  log.mark(1n, 0, true);
  expect(newest(log)).toBe(10);
  put(log, 20, 1n);
  expect(newest(log)).toBe(10);
  log.mark(1n, 1, false);
  expect(newest(log)).toBe(10);
  put(log, 30, 1n);
  log.mark(1n, 1, true);
  expect(newest(log)).toBe(30);
});

test("another producer's open transaction and marker say nothing about ours", () => {
  const log = new FakeKafkaLog();
  put(log, 5, 7n, 'another/key/0');
  put(log, 10, 1n);
  log.mark(7n, 0, true);
  expect(newest(log)).toBeUndefined();
  log.mark(1n, 0, true);
  expect(newest(log)).toBe(10);
});

test('newest is by place: an older record that is decided later does not win', () => {
  const log = new FakeKafkaLog();
  put(log, 10, 1n);
  put(log, 20, 2n);
  log.mark(2n, 0, true);
  log.mark(1n, 0, true);
  expect(newest(log)).toBe(20);
});

test('a cursor without a transaction counts at once, and a tombstone takes it away', () => {
  const log = new FakeKafkaLog();
  put(log, 10);
  expect(newest(log)).toBe(10);
  put(log, 'tombstone');
  expect(newest(log)).toBeUndefined();
});

test('a gap record of the same partition is not the cursor', () => {
  const log = new FakeKafkaLog();
  put(log, 10);
  put(log, 99, -1n, `${key}/gap/10`);
  expect(newest(log)).toBe(10);
});

test('what cannot be read is never taken for nothing', () => {
  const log = new FakeKafkaLog();
  put(log, 10);
  const bytes = log.read(0, 1_000);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  expect(new CursorScan(key, 0, decompression).add(bytes)).toMatchObject({ ok: false });
  const builder = new RecordBatchBuilder();
  builder.append(0, utf8Encode(key), Uint8Array.of(255, 255, 255), noRecordHeaders);
  const scan = new CursorScan(key, 0, decompression);
  expect(scan.add(builder.finish())).toMatchObject({ ok: true });
  expect(scan.finish()).toMatchObject({ ok: false });
});

test.each(['snappy', 'lz4', 'zstd'] as const)(
  'names %s, which central has packed it with',
  (type) => {
    const log = new FakeKafkaLog();
    const builder = new RecordBatchBuilder();
    builder.append(0, utf8Encode(key), cursorAt(10), noRecordHeaders);
    const plain = builder.finish();
    const header = readRecordBatchHeader(plain);
    if (!header.ok) throw new Error(header.error);
    const compression = { ...nodeCompression, compress: (_: string, bytes: Uint8Array) => bytes };
    log.append(compressBatch(plain, header.value, type, compression));
    const added = new CursorScan(key, 0, decompression).add(log.read(0, 1_000));
    expect(added).toEqual({ ok: false, error: expect.stringContaining(`packs it with ${type}`) });
  },
);
