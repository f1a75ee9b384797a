import { describe, expect, it } from 'vitest';
import {
  connectionId,
  monotonicMs,
  offset,
  type ConnectionId,
} from '../../../../src/base/brand.ts';
import { concatBytes, setInt32 } from '../../../../src/base/bytes.ts';
import { limits } from '../../../../src/base/limits.ts';
import type { FetchRequest } from '../../../../src/wire/kafka/generated/01-fetch.ts';
import { fetchCodec } from '../../../../src/wire/kafka/generated/01-fetch.ts';
import { apiVersionsCodec } from '../../../../src/wire/kafka/generated/18-api-versions.ts';
import { KafkaRouter } from '../../../../src/core/kafka/router.ts';
import type { Effect } from '../../../../src/core/effect.ts';
import { encodeRequest } from '../../../../src/wire/kafka/header.ts';
import { FakeBrokerView } from '../../../fakes/fake-broker-view.ts';

const mebibyte = 1024 * 1024;

/** Many connections to one router. */
class Crowd {
  readonly view = new FakeBrokerView();
  readonly effects: Effect[] = [];
  readonly router = new KafkaRouter(this.view, (effect) => this.effects.push(effect), {
    requestBytesMax: 16 * mebibyte,
    batchBytesMax: mebibyte,
    autoCreateTopics: false,
  });
  nowMs = 1_000;

  open(count: number): ConnectionId[] {
    const ids = Array.from({ length: count }, (_, i) => connectionId(i + 1));
    for (const id of ids) this.router.opened(id, monotonicMs(this.nowMs));
    return ids;
  }

  send(id: ConnectionId, bytes: Uint8Array): void {
    this.router.received(id, bytes, monotonicMs(this.nowMs));
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += limits.connectionSweepMs) {
      this.nowMs += limits.connectionSweepMs;
      this.router.tick(monotonicMs(this.nowMs));
    }
  }

  of<T extends Effect['type']>(type: T): Extract<Effect, { type: T }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { type: T }> =>
      effect.type === type ? true : false,
    );
  }
}

const identity = { correlationId: 1, clientId: null };
const software = { clientSoftwareName: 'x', clientSoftwareVersion: '1' };
const small = encodeRequest(apiVersionsCodec, 3, identity, software);

/** The head of a request of so many bytes. */
const headOf = (frameBytes: number): Uint8Array => {
  const length = new Uint8Array(4);
  setInt32(length, 0, frameBytes);
  return concatBytes([length, small.subarray(4)]);
};

const partition = {
  ...{ partition: 0, currentLeaderEpoch: -1, fetchOffset: 0, lastFetchedEpoch: -1 },
  ...{ logStartOffset: -1, partitionMaxBytes: 64 * mebibyte },
};
const fetch: FetchRequest = {
  ...{ clusterId: null, replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 64 * mebibyte },
  ...{ isolationLevel: 1, sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: '' },
  topics: [{ topic: 'sensors', partitions: [partition] }],
};
const fetchFrame = encodeRequest(fetchCodec, 12, identity, fetch);

/** Every read is answered with all that it may bring. */
const answerReads = (crowd: Crowd): void => {
  for (let read = crowd.view.reads.shift(); read; read = crowd.view.reads.shift()) {
    read.done({ ok: true, bytes: new Uint8Array(read.range.bytesMax) });
  }
};

const withRecords = (): Crowd => {
  const crowd = new Crowd();
  const log = crowd.view.addTopic('sensors', 1);
  Object.assign(log, {
    logStartOffset: offset(0),
    highWatermark: offset(9),
    logEndOffset: offset(9),
  });
  return crowd;
};

describe('the memory of all connections', () => {
  it('holds large requests that have begun; the rest is not read, small ones pass', () => {
    const crowd = new Crowd();
    const [a, b, c, d] = crowd.open(4) as [ConnectionId, ConnectionId, ConnectionId, ConnectionId];
    for (const id of [a, b, c]) crowd.send(id, headOf(11 * mebibyte));
    expect(crowd.of('PauseReading').map(({ connection }) => connection)).toEqual([c]);
    expect(crowd.router.counters.requestBytes).toBeLessThanOrEqual(limits.kafkaRequestRoomBytes);
    crowd.send(d, headOf(limits.kafkaRequestFreeBytes - 4));
    expect(crowd.of('PauseReading')).toHaveLength(1);
    crowd.router.closed(a);
    expect(crowd.of('ResumeReading').map(({ connection }) => connection)).toEqual([c]);
  });

  it('goes on when a jam of requests does not end: the greediest is closed', () => {
    const crowd = new Crowd();
    const [a, b, c] = crowd.open(3) as [ConnectionId, ConnectionId, ConnectionId];
    crowd.send(a, headOf(10 * mebibyte));
    crowd.send(b, headOf(11 * mebibyte));
    crowd.send(c, headOf(9 * mebibyte));
    crowd.pass(limits.kafkaJamMs + 2 * limits.connectionSweepMs);
    expect(crowd.of('CloseConnection')).toMatchObject([{ connection: b, isAbrupt: true }]);
    expect(crowd.of('ResumeReading')).toMatchObject([{ connection: c }]);
    expect(crowd.router.counters.closedForMemory).toBe(1);
  });

  it('gives ever smaller answers, and none that there is no room for', () => {
    const crowd = withRecords();
    const ids = crowd.open(100);
    for (const id of ids) crowd.send(id, fetchFrame);
    const sizes = crowd.view.reads.map(({ range }) => range.bytesMax);
    expect(sizes[0]).toBe(limits.fetchBytesMax);
    expect(sizes.at(-1)).toBe(limits.fetchPortionBytesMin);
    expect(sizes.length).toBeLessThan(40);
    answerReads(crowd);
    expect(crowd.router.counters.answerBytes).toBeLessThan(limits.kafkaAnswerRoomBytes * 1.01);
  });

  it('serves the next as answers are taken', () => {
    const crowd = withRecords();
    const ids = crowd.open(100);
    for (const id of ids) crowd.send(id, fetchFrame);
    for (let answered = 0; crowd.view.reads.length > 0;) {
      answerReads(crowd);
      for (const { connection, chunks } of crowd.of('SendBytes').slice(answered)) {
        answered++;
        const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        crowd.router.sent(connection, bytes, monotonicMs(crowd.nowMs));
      }
    }
    expect(new Set(crowd.of('SendBytes').map(({ connection }) => connection)).size).toBe(100);
    expect(crowd.of('CloseConnection')).toEqual([]);
    expect(crowd.router.counters.answerBytes).toBe(0);
  });

  it('is not kept by readers that do not read', () => {
    const crowd = withRecords();
    const ids = crowd.open(20);
    for (const id of ids) crowd.send(id, fetchFrame);
    for (let round = 0; round < 60; round++) {
      answerReads(crowd);
      crowd.pass(limits.connectionSweepMs);
    }
    const closed = crowd.of('CloseConnection');
    expect(closed.length).toBeGreaterThan(0);
    expect(closed.every(({ isAbrupt }) => isAbrupt)).toBe(true);
    const answered = new Set(crowd.of('SendBytes').map(({ connection }) => connection));
    expect(answered.size).toBe(20);
  });

  it('is all given back when everybody leaves', () => {
    const crowd = withRecords();
    const ids = crowd.open(50);
    for (const [i, id] of ids.entries()) {
      crowd.send(id, i % 2 === 0 ? fetchFrame : headOf(mebibyte));
    }
    answerReads(crowd);
    for (const id of ids) crowd.router.closed(id);
    expect(crowd.router.counters).toMatchObject({ requestBytes: 0, answerBytes: 0 });
    expect(crowd.router.nextDeadline()).toBeUndefined();
  });
});

describe('a connection without use', () => {
  it('is closed, and counted: silent from the start, in a request, or for very long', () => {
    const crowd = new Crowd();
    const [silent, slow, used] = crowd.open(3) as [ConnectionId, ConnectionId, ConnectionId];
    crowd.send(used, small);
    crowd.send(slow, small.subarray(0, 9));
    crowd.pass(limits.kafkaFirstRequestMs + limits.connectionSweepMs);
    expect(crowd.of('CloseConnection').map(({ connection }) => connection)).toEqual([silent, slow]);
    crowd.pass(limits.kafkaIdleMs);
    expect(crowd.of('CloseConnection')[2]).toMatchObject({ connection: used, reason: 'idle' });
    expect(crowd.router.counters.closedOverdue).toBe(3);
  });
});
