import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../../../../src/base/brand.ts';
import { concatBytes } from '../../../../../src/base/bytes.ts';
import { scanBatches } from '../../../../../src/wire/kafka/batch-scan.ts';
import { buildLeaderChangeBatch } from '../../../../../src/wire/kafka/control-record.ts';
import { RecordBatchBuilder } from '../../../../../src/wire/kafka/record-batch-builder.ts';
import { computeBatchCrc } from '../../../../../src/wire/kafka/record-batch-header.ts';
import { noRecordHeaders } from '../../../../../src/wire/kafka/record-headers.ts';
import type {
  FetchRequest,
  FetchResponsePartition,
} from '../../../../../src/wire/kafka/generated/01-fetch.ts';
import { fetchCodec } from '../../../../../src/wire/kafka/generated/01-fetch.ts';
import { RouterBench } from '../router-bench.ts';

const partitionOf = {
  currentLeaderEpoch: -1,
  fetchOffset: 3,
  lastFetchedEpoch: -1,
  logStartOffset: -1,
  partitionMaxBytes: 1_000,
};

function fetchOf(
  partitions: readonly Partial<FetchRequest['topics'][0]['partitions'][0]>[],
  options: Partial<FetchRequest> = {},
): FetchRequest {
  const list = partitions.map((each, partition) => ({ ...partitionOf, partition, ...each }));
  return {
    clusterId: null,
    replicaId: -1,
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 2_000,
    isolationLevel: 1,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic: 'sensors', partitions: list }],
    forgottenTopicsData: [],
    rackId: '',
    ...options,
  };
}

const bytesOf = (length: number): { ok: true; bytes: Uint8Array } => ({
  ok: true,
  bytes: new Uint8Array(length),
});

function partitionsOf(bench: RouterBench, version = 12): readonly FetchResponsePartition[] {
  return bench.answer(fetchCodec, version).responses[0]?.partitions ?? [];
}

describe('Fetch', () => {
  it.each([4, 5, 7, 11, 12])('v%i gives committed bytes', (version) => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 1);
    log.logEndOffset = offset(12);
    bench.ask(fetchCodec, version, fetchOf([{}]));
    expect(bench.view.reads[0]?.range).toEqual({ from: 3, to: 10, bytesMax: 1_000 });
    bench.view.reads[0]?.done(bytesOf(100));
    expect(partitionsOf(bench, version)).toMatchObject([
      {
        partitionIndex: 0,
        errorCode: 0,
        highWatermark: 10,
        lastStableOffset: 10,
        logStartOffset: version >= 5 ? 0 : -1,
        abortedTransactions: [],
        preferredReadReplica: -1,
        records: new Uint8Array(100),
      },
    ]);
    expect(bench.router.nextDeadline()).toBeUndefined();
  });

  it.each([
    ['below the log start', { fetchOffset: 1 }, 1],
    ['above the log end', { fetchOffset: 13 }, 1],
    ['in an older leader epoch', { currentLeaderEpoch: 3 }, 74],
    ['in a newer leader epoch', { currentLeaderEpoch: 5 }, 75],
    ['of an unknown partition', { partition: 9 }, 3],
  ])('%s is refused at once', (_name, partition, code) => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 1);
    log.logStartOffset = offset(2);
    log.logEndOffset = offset(12);
    bench.ask(fetchCodec, 12, fetchOf([partition]));
    expect(partitionsOf(bench)[0]).toMatchObject({ errorCode: code, highWatermark: -1 });
  });

  it('between high watermark and log end is answered empty, never 1 (C6)', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1).logEndOffset = offset(12);
    for (const fetchOffset of [10, 11, 12]) {
      bench.ask(fetchCodec, 12, fetchOf([{ fetchOffset }], { maxWaitMs: 0 }));
      expect(partitionsOf(bench)[0]).toMatchObject({ errorCode: 0, records: new Uint8Array(0) });
    }
  });

  it('waits for a high watermark to move', () => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 2);
    bench.ask(fetchCodec, 11, fetchOf([{ fetchOffset: 10 }, { fetchOffset: 10 }]));
    expect(bench.router.nextDeadline()).toBe(1_500);
    bench.move(5);
    expect(bench.view.reads).toEqual([]);
    log.highWatermark = offset(11);
    bench.move(log.logId);
    expect(bench.view.reads[0]?.range).toMatchObject({ from: 10, to: 11 });
    bench.view.reads[0]?.done(bytesOf(50));
    expect(partitionsOf(bench, 11).map(({ records }) => records?.length)).toEqual([50, 0]);
    expect(bench.router.nextDeadline()).toBeUndefined();
    bench.move(log.logId);
    expect(bench.view.reads).toHaveLength(1);
  });

  it('is answered empty when the time is over', () => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 1);
    bench.ask(fetchCodec, 4, fetchOf([{ fetchOffset: 10 }]));
    log.highWatermark = offset(10);
    bench.tickAt(1_499);
    expect(bench.effects).toEqual([]);
    bench.tickAt(1_500);
    expect(partitionsOf(bench, 4)[0]).toMatchObject({ errorCode: 0, records: new Uint8Array(0) });
  });

  it('waits for enough bytes, then gives what there is', () => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 1);
    bench.ask(fetchCodec, 12, fetchOf([{}], { minBytes: 100 }));
    bench.view.reads[0]?.done(bytesOf(60));
    expect(bench.effects).toEqual([]);
    bench.move(log.logId);
    bench.view.reads[1]?.done(bytesOf(80));
    expect(bench.effects).toEqual([]);
    bench.tickAt(1_500);
    bench.view.reads[2]?.done(bytesOf(90));
    expect(partitionsOf(bench)[0]?.records).toHaveLength(90);
  });

  it('misses no move during a read', () => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 1);
    bench.ask(fetchCodec, 12, fetchOf([{}], { minBytes: 100 }));
    bench.move(log.logId);
    bench.view.reads[0]?.done(bytesOf(60));
    bench.view.reads[1]?.done(bytesOf(120));
    expect(partitionsOf(bench)[0]?.records).toHaveLength(120);
  });

  it('gives at least one batch, and no second that is too much (KIP-74)', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 3);
    bench.ask(fetchCodec, 12, fetchOf([{}, {}, {}], { maxBytes: 500 }));
    bench.view.reads[0]?.done(bytesOf(400));
    expect(bench.view.reads[1]?.range.bytesMax).toBe(100);
    bench.view.reads[1]?.done(bytesOf(900));
    bench.view.reads[2]?.done(bytesOf(100));
    expect(partitionsOf(bench).map(({ records }) => records?.length)).toEqual([400, 0, 100]);
    bench.ask(fetchCodec, 12, fetchOf([{}, {}], { maxBytes: 0 }));
    bench.view.reads[3]?.done(bytesOf(400));
    expect(partitionsOf(bench).map(({ records }) => records?.length)).toEqual([400, 0]);
  });

  it('passes on what the log says', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    bench.ask(fetchCodec, 12, fetchOf([{}]));
    bench.view.reads[0]?.done({ ok: false, error: 'KAFKA_STORAGE_ERROR' });
    expect(partitionsOf(bench)[0]).toMatchObject({ errorCode: 56 });
  });

  const placed = { baseOffset: 3, leaderEpoch: 4, timestamp: 1_000 };
  const control = buildLeaderChangeBatch({ leaderId: 1, voters: [1], grantingVoters: [] }, placed);

  it('leaves control batches out for version 4 only', () => {
    const builder = new RecordBatchBuilder();
    builder.append(1_000, undefined, Uint8Array.of(1), noRecordHeaders);
    const data = builder.finish({ baseOffset: 4 });
    for (const version of [4, 5]) {
      const bench = new RouterBench();
      bench.view.addTopic('sensors', 1);
      bench.ask(fetchCodec, version, fetchOf([{}]));
      bench.view.reads[0]?.done({ ok: true, bytes: concatBytes([control, data]) });
      const records = partitionsOf(bench, version)[0]?.records ?? new Uint8Array(0);
      const offsets = scanBatches(records).headers.map(({ baseOffset }) => baseOffset);
      expect(offsets).toEqual(version === 4 ? [4] : [3, 4]);
    }
  });

  it('answers version 4 with an empty batch where control batches are the end', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    bench.ask(fetchCodec, 4, fetchOf([{}]));
    bench.view.reads[0]?.done({ ok: true, bytes: control });
    expect(bench.view.reads).toHaveLength(1);
    const records = partitionsOf(bench, 4)[0]?.records ?? new Uint8Array(0);
    const { headers } = scanBatches(records);
    expect(headers).toMatchObject([{ lastOffset: 3, recordCount: 0, isControl: false }]);
    expect(headers[0]?.crc).toBe(computeBatchCrc(records, 0, records.length));
  });

  it('names the diverging epoch', () => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 1);
    log.endOffsetOf = () => ({ leaderEpoch: leaderEpoch(2), endOffset: offset(5) });
    bench.ask(fetchCodec, 12, fetchOf([{ lastFetchedEpoch: 3 }]));
    expect(partitionsOf(bench)[0]?.divergingEpoch).toEqual({ epoch: 2, endOffset: 5 });
    bench.ask(fetchCodec, 12, fetchOf([{ lastFetchedEpoch: 2, fetchOffset: 6 }]));
    expect(partitionsOf(bench)[0]?.divergingEpoch).toEqual({ epoch: 2, endOffset: 5 });
    bench.ask(fetchCodec, 12, fetchOf([{ lastFetchedEpoch: 2, fetchOffset: 5 }]));
    expect(bench.view.reads).toHaveLength(1);
  });

  it('keeps no sessions', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    bench.ask(fetchCodec, 12, fetchOf([], { sessionId: 77 }));
    expect(bench.answer(fetchCodec, 12)).toMatchObject({ errorCode: 70, sessionId: 0 });
    bench.ask(fetchCodec, 12, fetchOf([{ fetchOffset: 99 }], { sessionEpoch: 0 }));
    expect(bench.answer(fetchCodec, 12)).toMatchObject({ errorCode: 0, sessionId: 0 });
  });

  it.each([
    ['parked', 10, 0],
    ['reading', 3, 1],
  ])('lets go of everything when its connection closes: %s', (_name, fetchOffset, reads) => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 1);
    bench.ask(fetchCodec, 12, fetchOf([{ fetchOffset }]));
    bench.router.closed(bench.connection);
    expect(bench.router.nextDeadline()).toBeUndefined();
    bench.view.reads[0]?.done(bytesOf(10));
    bench.move(log.logId);
    expect(bench.view.reads).toHaveLength(reads);
    expect(bench.effects).toEqual([]);
  });

  it('that names a partition twice does not wait', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    const twice = [
      { partition: 0, fetchOffset: 10 },
      { partition: 0, fetchOffset: 10 },
    ];
    bench.ask(fetchCodec, 12, fetchOf(twice));
    expect(partitionsOf(bench)).toHaveLength(2);
    expect(bench.router.nextDeadline()).toBeUndefined();
  });

  it('survives many partitions whose reads answer at once', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 5_000);
    bench.view.read = (_partition, _range, done) => done(bytesOf(0));
    bench.ask(fetchCodec, 4, fetchOf(new Array(3_000).fill({}), { maxWaitMs: 0 }));
    expect(partitionsOf(bench, 4)).toHaveLength(3_000);
  });
});
