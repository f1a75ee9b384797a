import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../../src/base/bytes.ts';
import { limits } from '../../../../src/base/limits.ts';
import { Batcher } from '../../../../src/core/produce/batcher.ts';
import {
  appendOutcome,
  type AppendOutcome,
  type RecordWaiter,
} from '../../../../src/core/produce/record-waiter.ts';
import { batchOverheadBytes } from '../../../../src/wire/kafka/record-batch-header.ts';
import { RecordBatchBuilder } from '../../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';
import { logId } from '../../../../src/base/brand.ts';
import { at, emptyLog, newPartition, queueTo } from '../partition-world.ts';

const record = (text: string) => ({
  timestamp: at(0).wallMs,
  key: undefined,
  value: utf8Encode(text),
  headers: noRecordHeaders,
});

const foreignBatch = (): Uint8Array => {
  const builder = new RecordBatchBuilder();
  builder.append(0, undefined, utf8Encode('k'), noRecordHeaders);
  return builder.finish();
};

const newBatcher = (lingerMs = 0, batchBytesMax = 1_000, recovered = emptyLog()) => {
  const world = newPartition(recovered, 10_000_000);
  const batcher = new Batcher({ batchBytesMax, lingerMs });
  const outcomes: AppendOutcome[] = [];
  const queue = queueTo(world.partition);
  const settled: RecordWaiter['settled'] = (outcome, index) =>
    void outcomes.push(appendOutcome(outcome, index));
  const append = (text: string, ms = 0) => batcher.append(queue, record(text), { settled }, at(ms));
  return { ...world, batcher, outcomes, append };
};

describe('Batcher', () => {
  it("closes what a turn gathered as one batch, with this start's triple (P1)", () => {
    const { append, batcher, appended, persistAll, outcomes } = newBatcher();
    append('a');
    append('b');
    expect(appended()).toHaveLength(0);
    batcher.turnEnded(at(0));
    expect(appended()).toMatchObject([
      { producerId: 9n, producerEpoch: 0, baseSequence: 0, recordCount: 2 },
    ]);
    expect(outcomes).toEqual([]);
    persistAll();
    expect(outcomes).toEqual([
      { ok: true, offset: 1 },
      { ok: true, offset: 2 },
    ]);
  });

  it('keeps the batch open while the partition waits for the disk: group commit', () => {
    const { append, batcher, appended, persistAll } = newBatcher();
    append('a');
    batcher.turnEnded(at(0));
    append('b');
    batcher.turnEnded(at(0));
    append('c');
    expect(appended()).toHaveLength(1);
    persistAll();
    batcher.turnEnded(at(0));
    expect(appended().at(-1)).toMatchObject({ baseSequence: 1, recordCount: 2 });
  });

  it('sends the batches of all partitions together', () => {
    const { append, appended, batcher, persistAll } = newBatcher();
    const other = newPartition(undefined, undefined, logId(1));
    const settled = { settled: () => undefined };
    append('a');
    batcher.turnEnded(at(0));
    append('b');
    batcher.append(queueTo(other.partition), record('c'), settled, at(0));
    batcher.turnEnded(at(0));
    expect([appended().length, other.appended().length]).toEqual([1, 0]);
    persistAll();
    batcher.turnEnded(at(0));
    expect([appended().length, other.appended().length]).toEqual([2, 1]);
  });

  it('sends a second wave after the first once enough is there, and no third', () => {
    const { append, appended, batcher, persistAll } = newBatcher(0, 100_000);
    const enough = 'x'.repeat(limits.secondWaveBytesMin);
    for (const text of ['a', enough, enough]) {
      append(text);
      batcher.turnEnded(at(0));
    }
    expect(appended().map(({ recordCount }) => recordCount)).toEqual([1, 1]);
    persistAll();
    batcher.turnEnded(at(0));
    expect(appended()).toHaveLength(3);
  });

  it('lets an internal topic go on while data waits for room: its drop makes that room (L9)', () => {
    const { append, batcher } = newBatcher();
    const cluster = newPartition(emptyLog({ topic: '__cluster' }), undefined, logId(1));
    const toCluster = queueTo(cluster.partition);
    const commit = () =>
      batcher.append(toCluster, record('drop'), { settled: () => undefined }, at(0));
    append('a');
    batcher.turnEnded(at(0));
    commit();
    batcher.turnEnded(at(0));
    expect(cluster.appended()).toHaveLength(1);
    // Its own log is waited for: group commit.
    commit();
    batcher.turnEnded(at(0));
    expect(cluster.appended()).toHaveLength(1);
    cluster.persistAll();
    batcher.turnEnded(at(0));
    expect(cluster.appended()).toHaveLength(2);
  });

  it('does not wait for batches of others, which may never pause', () => {
    const { append, appended, batcher, partition } = newBatcher();
    partition.produce(foreignBatch(), () => undefined);
    append('a');
    batcher.turnEnded(at(0));
    expect(appended().map(({ producerId }) => producerId)).toEqual([-1n, 9n]);
  });

  it('closes a full batch at once', () => {
    const { append, appended } = newBatcher();
    append('x'.repeat(600));
    append('y'.repeat(600));
    expect(appended()).toMatchObject([{ recordCount: 1 }]);
  });

  it('takes a record at the limit and refuses one above it', () => {
    const { append, batcher, appended } = newBatcher();
    const fits = 1_000 - 61;
    for (let size = fits; size > 0; size--) {
      if (append('x'.repeat(size)) === undefined) break;
    }
    expect(append('x'.repeat(fits + 1))).toBe('RECORD_TOO_LARGE');
    batcher.turnEnded(at(0));
    expect(appended()).toMatchObject([{ recordCount: 1 }]);
  });

  it.each([1_000, 8_000_000])('has a limit of its own for internal topics: config %i', (bytes) => {
    const { append, batcher, appended, persistAll } = newBatcher(
      0,
      bytes,
      emptyLog({ topic: '__cluster' }),
    );
    const overhead = batchOverheadBytes + RecordBatchBuilder.recordBytesMax(0, 0, 1);
    const fits = limits.internalBatchBytesMax - overhead;
    expect(append('x'.repeat(fits + 1))).toBe('RECORD_TOO_LARGE');
    for (const size of [fits, fits - 1]) {
      expect(append('x'.repeat(size))).toBeUndefined();
      batcher.turnEnded(at(0));
      persistAll();
    }
    const sizes = appended().map(({ totalBytes }) => totalBytes);
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(limits.internalBatchBytesMax);
  });

  it('lingers when told to', () => {
    const { append, batcher, appended } = newBatcher(20);
    append('a', 100);
    batcher.turnEnded(at(110));
    expect(appended()).toHaveLength(0);
    expect(batcher.nextDeadline()).toBe(120);
    batcher.turnEnded(at(120));
    expect(appended()).toHaveLength(1);
    expect(batcher.nextDeadline()).toBeUndefined();
  });

  it('closes at the very deadline that it names, also where a difference would round', () => {
    const { append, batcher, appended } = newBatcher(1_000);
    append('a', 123.456);
    batcher.turnEnded(at(batcher.nextDeadline() ?? 0));
    expect(appended()).toHaveLength(1);
  });

  it('asks for no time while the disk is at work, which wakes it', () => {
    const { append, batcher, appended, persistAll } = newBatcher(20);
    append('a', 0);
    batcher.turnEnded(at(20));
    append('b', 30);
    expect(batcher.nextDeadline()).toBeUndefined();
    persistAll();
    expect(batcher.nextDeadline()).toBe(50);
    batcher.turnEnded(at(50));
    expect(appended()).toHaveLength(2);
  });
});
