import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../../src/base/bytes.ts';
import { handlerTable } from '../../../../src/core/kafka/handler-table.ts';
import { servedApis } from '../../../../src/wire/kafka/api-keys.ts';
import { monotonicMs, offset } from '../../../../src/base/brand.ts';
import { produceCodec } from '../../../../src/wire/kafka/generated/00-produce.ts';
import { RecordBatchBuilder } from '../../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';
import { fetchCodec } from '../../../../src/wire/kafka/generated/01-fetch.ts';
import { findCoordinatorCodec } from '../../../../src/wire/kafka/generated/10-find-coordinator.ts';
import { apiVersionsCodec } from '../../../../src/wire/kafka/generated/18-api-versions.ts';
import { initProducerIdCodec } from '../../../../src/wire/kafka/generated/22-init-producer-id.ts';
import { offsetForLeaderEpochCodec } from '../../../../src/wire/kafka/generated/23-offset-for-leader-epoch.ts';
import { decodeResponse, encodeRequest } from '../../../../src/wire/kafka/header.ts';
import { RouterBench } from './router-bench.ts';

const software = { clientSoftwareName: 'x', clientSoftwareVersion: '1' };
const init = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1n, producerEpoch: -1 };

const versionsFrame = (correlationId: number): Uint8Array =>
  encodeRequest(apiVersionsCodec, 0, { correlationId, clientId: null }, software);

describe('ApiVersions', () => {
  it.each([0, 1, 2, 3, 4])('v%i lists what is served, Produce from 0', (version) => {
    const bench = new RouterBench();
    const { errorCode, apiKeys } = bench.call(apiVersionsCodec, version, software);
    expect(errorCode).toBe(0);
    expect(apiKeys).toHaveLength(servedApis.length);
    expect(apiKeys).toContainEqual({ apiKey: 0, minVersion: 0, maxVersion: 11 });
    expect(apiKeys).toContainEqual({ apiKey: 1, minVersion: 4, maxVersion: 12 });
  });

  it('of an unknown version is answered in version 0 with 35, its body unread', () => {
    const bench = new RouterBench();
    const frame = versionsFrame(9);
    frame[7] = 99;
    bench.receive(concatBytes([frame]));
    const answer = decodeResponse(apiVersionsCodec, 0, bench.frames()[0] as Uint8Array);
    expect(answer).toMatchObject({ ok: true, value: { errorCode: 35 } });
    expect(answer.ok && answer.value.apiKeys.some(({ apiKey }) => apiKey === 18)).toBe(true);
    expect(bench.typesOf()).not.toContain('CloseConnection');
  });

  it('speaks of every API that has a handler', () => {
    expect([...handlerTable.keys()]).toEqual(servedApis.map(({ apiKey }) => apiKey));
  });
});

describe('the connection', () => {
  it('answers in the order of requests, as one write where it can', () => {
    const bench = new RouterBench();
    bench.receive(concatBytes([versionsFrame(1), versionsFrame(2)]));
    expect(bench.answered()).toEqual([1, 2]);
  });

  it('takes a request in any pieces', () => {
    const bench = new RouterBench();
    for (const byte of versionsFrame(1)) bench.receive(Uint8Array.of(byte));
    expect(bench.answered()).toEqual([1]);
  });

  it.each([
    ['an API that is not served', 10, 0],
    ['a version that is not served', 0, 2],
    ['a version above ours', 1, 13],
  ])('closes on %s', (_name, key, version) => {
    const bench = new RouterBench();
    const frame = versionsFrame(1);
    frame[5] = key;
    frame[7] = version;
    bench.receive(frame);
    expect(bench.typesOf()).toEqual(['CloseConnection']);
  });

  it('closes on FindCoordinator, which is not advertised', () => {
    const bench = new RouterBench();
    bench.ask(findCoordinatorCodec, 1, { key: 'g', keyType: 0, coordinatorKeys: [] });
    expect(bench.typesOf()).toEqual(['CloseConnection']);
  });

  it.each([
    ['too large', Uint8Array.of(0x7f, 0, 0, 0)],
    ['of negative length', Uint8Array.of(0xff, 0, 0, 0)],
    ['without a header', Uint8Array.of(0, 0, 0, 2, 0, 18)],
    ['without a client id', Uint8Array.of(0, 0, 0, 8, 0, 22, 0, 0, 0, 0, 0, 1)],
  ])('closes on a frame that is %s', (_name, bytes) => {
    const bench = new RouterBench();
    bench.receive(bytes);
    expect(bench.typesOf()).toEqual(['CloseConnection']);
    bench.receive(versionsFrame(1));
    expect(bench.typesOf()).toEqual(['CloseConnection']);
  });

  it('forgets a closed one', () => {
    const bench = new RouterBench();
    bench.router.closed(bench.connection);
    bench.receive(versionsFrame(1));
    expect(bench.effects).toEqual([]);
  });
});

describe('answers in progress', () => {
  const partition = { partition: 0, fetchOffset: 3, partitionMaxBytes: 1 << 30 };
  const unknown = { currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1 };
  const fetchFrame = (correlationId: number): Uint8Array =>
    encodeRequest(
      fetchCodec,
      12,
      { correlationId, clientId: null },
      {
        ...{ clusterId: null, replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 1 << 30 },
        ...{ isolationLevel: 0, sessionId: 0, sessionEpoch: -1, rackId: '' },
        topics: [{ topic: 'sensors', partitions: [{ ...unknown, ...partition }] }],
        forgottenTopicsData: [],
      },
    );
  const all = (frames: number): Uint8Array =>
    concatBytes(Array.from({ length: frames }, (_, index) => fetchFrame(index)));

  it('are of one Fetch at a time, and of none more while the peer takes nothing', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    bench.receive(all(500));
    const bytes = new Uint8Array(3 * 1024 * 1024);
    let at = 0;
    for (; at < bench.view.reads.length; at++) {
      expect(bench.view.reads).toHaveLength(at + 1);
      bench.view.reads[at]?.done({ ok: true, bytes });
    }
    expect(bench.answered()).toEqual([0, 1, 2]);
    expect(bench.typesOf()).toContain('PauseReading');
    bench.router.sent(bench.connection, 4 * 1024 * 1024, monotonicMs(bench.nowMs));
    expect(bench.view.reads).toHaveLength(4);
  });

  it('are all given in the end to a peer that takes them, and then it is read again', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    bench.receive(concatBytes([all(40), versionsFrame(99)]));
    for (let at = 0; at < 40; at++) {
      bench.view.reads[at]?.done({ ok: true, bytes: new Uint8Array(1024 * 1024) });
      bench.router.sent(bench.connection, 1024 * 1024, monotonicMs(bench.nowMs));
    }
    expect(bench.answered()).toEqual([...Array.from({ length: 40 }, (_, index) => index), 99]);
    expect(
      bench
        .typesOf()
        .filter((type) => type.endsWith('Reading'))
        .at(-1),
    ).toBe('ResumeReading');
  });
});

describe('requests in progress', () => {
  it('are no more than the largest one may have in bytes', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 5);
    const builder = new RecordBatchBuilder();
    builder.append(1, undefined, new Uint8Array(9_000), noRecordHeaders);
    const records = builder.finish();
    const partitionData = Array.from({ length: 5 }, (_, index) => ({ index, records }));
    const topicData = [{ name: 'sensors', partitionData }];
    const body = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
    for (let sent = 0; sent < 6; sent++) bench.ask(produceCodec, 9, body);
    expect(bench.view.produces).toHaveLength(15);
    expect(bench.typesOf()).toEqual(['PauseReading']);
    for (const { done } of bench.view.produces.slice(0, 5)) {
      done({ ok: true, baseOffset: offset(0), logStartOffset: offset(0) });
    }
    expect(bench.view.produces).toHaveLength(20);
  });
});

describe('InitProducerId', () => {
  it('gives an id at epoch 0', () => {
    const answer = new RouterBench().call(initProducerIdCodec, 4, init);
    expect(answer).toEqual({
      throttleTimeMs: 0,
      errorCode: 0,
      producerId: 1_000n,
      producerEpoch: 0,
    });
  });

  it('refuses transactions with 53, and says 14 while the node starts', () => {
    const bench = new RouterBench();
    const transactional = { ...init, transactionalId: 't' };
    expect(bench.call(initProducerIdCodec, 1, transactional)).toMatchObject({
      errorCode: 53,
      producerId: -1n,
    });
    bench.view.nextProducerId = undefined;
    expect(bench.call(initProducerIdCodec, 1, init)).toMatchObject({ errorCode: 14 });
  });
});

describe('OffsetForLeaderEpoch', () => {
  it('says where an epoch ends, and fences', () => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 1);
    log.endOffsetOf = (epoch) =>
      epoch === 3 ? { leaderEpoch: epoch, endOffset: offset(6) } : undefined;
    const ask = (currentLeaderEpoch: number, leaderEpoch: number, partition = 0): unknown => {
      const partitions = [{ partition, currentLeaderEpoch, leaderEpoch }];
      const topics = [{ topic: 'sensors', partitions }];
      return bench.call(offsetForLeaderEpochCodec, 4, { replicaId: -1, topics }).topics[0]
        ?.partitions[0];
    };
    expect(ask(4, 3)).toEqual({ errorCode: 0, partition: 0, leaderEpoch: 3, endOffset: 6 });
    expect(ask(4, 2)).toEqual({ errorCode: 0, partition: 0, leaderEpoch: -1, endOffset: -1 });
    expect(ask(3, 3)).toMatchObject({ errorCode: 74 });
    expect(ask(5, 3)).toMatchObject({ errorCode: 75 });
    expect(ask(4, 3, 1)).toMatchObject({ errorCode: 3 });
  });
});
