import { describe, expect, it } from 'vitest';
import { offset } from '../../../../../src/base/brand.ts';
import { utf8Encode } from '../../../../../src/base/bytes.ts';
import type { ErrorCode } from '../../../../../src/base/errors.ts';
import { limits } from '../../../../../src/base/limits.ts';
import type { ProduceRequest } from '../../../../../src/wire/kafka/generated/00-produce.ts';
import { produceCodec } from '../../../../../src/wire/kafka/generated/00-produce.ts';
import { RecordBatchBuilder } from '../../../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../../../src/wire/kafka/record-headers.ts';
import { RouterBench } from '../router-bench.ts';

function batchOf(bytes: number): Uint8Array {
  const builder = new RecordBatchBuilder();
  builder.append(1_000, utf8Encode('k'), new Uint8Array(bytes), noRecordHeaders);
  return builder.finish();
}

function produceOf(
  topic: string,
  batches: readonly (Uint8Array | null)[],
  options: Partial<ProduceRequest> = {},
): ProduceRequest {
  const partitionData = batches.map((records, index) => ({ index, records }));
  const topicData = [{ name: topic, partitionData }];
  return { transactionalId: null, acks: -1, timeoutMs: 500, topicData, ...options };
}

function codesOf(bench: RouterBench, version = 11): readonly number[] {
  const [topic] = bench.answer(produceCodec, version).responses;
  return (topic?.partitionResponses ?? []).map(({ errorCode }) => errorCode);
}

const done = { ok: true, baseOffset: offset(5), logStartOffset: offset(2) } as const;
const failed = (error: ErrorCode): { ok: false; error: ErrorCode } => ({ ok: false, error });

describe('Produce', () => {
  it.each([3, 5, 8, 9, 11])('v%i is answered when it is committed', (version) => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    const batch = batchOf(10);
    bench.ask(produceCodec, version, produceOf('sensors', [batch]));
    expect(bench.effects).toEqual([]);
    expect([...(bench.view.produces[0]?.batch ?? [])]).toEqual([...batch]);
    bench.view.produces[0]?.done(done);
    expect(bench.answer(produceCodec, version).responses[0]?.partitionResponses[0]).toMatchObject({
      index: 0,
      errorCode: 0,
      baseOffset: 5,
      logStartOffset: version >= 5 ? 2 : -1,
    });
    expect(bench.router.nextDeadline()).toBeUndefined();
  });

  it('says that another node leads what this one does not keep, and 3 where there is nothing', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 2);
    bench.view.partitions.delete('sensors/1');
    bench.ask(produceCodec, 11, produceOf('sensors', [null, batchOf(1), batchOf(1)]));
    expect(codesOf(bench)).toEqual([87, 6, 3]);
  });

  it('gives each partition its own outcome', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 3);
    const rotten = batchOf(10);
    rotten[70] = 99;
    bench.ask(produceCodec, 11, produceOf('sensors', [batchOf(1), rotten, batchOf(1), batchOf(1)]));
    bench.view.produces[1]?.done(failed('NOT_ENOUGH_REPLICAS'));
    expect(bench.effects).toEqual([]);
    bench.view.produces[0]?.done(done);
    expect(codesOf(bench)).toEqual([0, 2, 19, 3]);
  });

  it.each([
    ['to an internal topic', produceOf('__cluster', [batchOf(1)]), 17],
    ['to an internal topic that does not exist', produceOf('__later', [batchOf(1)]), 17],
    ['to an unknown topic', produceOf('nowhere', [batchOf(1)]), 3],
    ['with strange acks', produceOf('sensors', [batchOf(1)], { acks: 2 }), 21],
    ['of a transaction', produceOf('sensors', [batchOf(1)], { transactionalId: 't' }), 53],
    ['without records', produceOf('sensors', [null]), 87],
    ['of too many bytes', produceOf('sensors', [batchOf(10_001)]), 10],
    ['of no batch', produceOf('sensors', [new Uint8Array(70)]), 87],
  ])('refuses one %s', (_name, request, code) => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    bench.view.addTopic('__cluster', 1);
    bench.ask(produceCodec, 9, request);
    expect(codesOf(bench, 9)).toEqual([code]);
    expect(bench.view.produces).toEqual([]);
  });

  it('refuses one that another node leads', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1).isLeader = false;
    bench.ask(produceCodec, 7, produceOf('sensors', [batchOf(1)]));
    expect(codesOf(bench, 7)).toEqual([6]);
  });

  it('is answered with 7 when the time is over, and a late outcome changes nothing', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 2);
    bench.ask(produceCodec, 7, produceOf('sensors', [batchOf(1), batchOf(1)]));
    expect(bench.router.nextDeadline()).toBe(1_500);
    bench.view.produces[1]?.done(done);
    bench.tickAt(1_499);
    expect(bench.effects).toEqual([]);
    bench.tickAt(1_500);
    expect(codesOf(bench, 7)).toEqual([7, 0]);
    bench.view.produces[0]?.done(done);
    expect(bench.frames()).toHaveLength(1);
  });

  it('says 20 when its time is over and the partition is short of replicas by then (C3)', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 3);
    bench.ask(produceCodec, 7, produceOf('sensors', [batchOf(1), batchOf(1), batchOf(1)]));
    for (const at of [0, 1]) {
      const partition = bench.view.partitions.get(`sensors/${at}`);
      if (partition !== undefined) partition.isShortOfReplicas = true;
    }
    bench.view.produces[1]?.done(done);
    bench.tickAt(1_500);
    expect(codesOf(bench, 7)).toEqual([20, 0, 7]);
  });

  it('with acks 0 is not answered, but holds its place', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    bench.ask(produceCodec, 7, produceOf('sensors', [batchOf(1)], { acks: 0 }));
    const second = bench.ask(produceCodec, 7, produceOf('sensors', [batchOf(1)]));
    bench.view.produces[1]?.done(done);
    expect(bench.effects).toEqual([]);
    bench.view.produces[0]?.done(done);
    expect(bench.answered()).toEqual([second]);
  });

  it('with acks 0 closes the connection when it fails', () => {
    const bench = new RouterBench();
    bench.ask(produceCodec, 7, produceOf('nowhere', [batchOf(1)], { acks: 0 }));
    expect(bench.typesOf()).toEqual(['CloseConnection']);
  });

  it('keeps the order of answers, whichever is committed first', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    const ids = [1, 2, 3].map(() => bench.ask(produceCodec, 7, produceOf('sensors', [batchOf(1)])));
    bench.view.produces[2]?.done(done);
    bench.view.produces[1]?.done(done);
    expect(bench.effects).toEqual([]);
    bench.view.produces[0]?.done(done);
    expect(bench.answered()).toEqual(ids);
    expect(bench.typesOf()).toEqual(['SendBytes']);
  });

  it('pauses the socket when too many are in progress, and goes on when there is room', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    const count = limits.kafkaInFlightPerConnectionMax + 2;
    for (let index = 0; index < count; index++) {
      bench.ask(produceCodec, 7, produceOf('sensors', [batchOf(1)]));
    }
    expect(bench.view.produces).toHaveLength(limits.kafkaInFlightPerConnectionMax);
    expect(bench.typesOf()).toEqual(['PauseReading']);
    for (let index = 0; index < count; index++) bench.view.produces[index]?.done(done);
    expect(bench.answered()).toHaveLength(count);
    expect(bench.typesOf().filter((type) => type === 'ResumeReading')).toHaveLength(1);
  });

  it('lets go of everything when its connection closes', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    bench.ask(produceCodec, 7, produceOf('sensors', [batchOf(1)]));
    bench.router.closed(bench.connection);
    expect(bench.router.nextDeadline()).toBeUndefined();
    bench.view.produces[0]?.done(done);
    expect(bench.effects).toEqual([]);
  });
});
