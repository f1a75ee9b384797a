import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';
import { decodeBody, encodeBody } from '../../../../src/wire/kafka/codec.ts';
import type { ApiCodec } from '../../../../src/wire/kafka/codec.ts';
import { fetchCodec } from '../../../../src/wire/kafka/generated/01-fetch.ts';
import { peerFetchCodec } from '../../../../src/wire/kafka/generated/01-peer-fetch.ts';
import { voteCodec } from '../../../../src/wire/kafka/generated/52-vote.ts';
import { beginQuorumEpochCodec } from '../../../../src/wire/kafka/generated/53-begin-quorum-epoch.ts';
import { endQuorumEpochCodec } from '../../../../src/wire/kafka/generated/54-end-quorum-epoch.ts';
import { listOffsetsCodec } from '../../../../src/wire/kafka/generated/02-list-offsets.ts';
import { metadataCodec } from '../../../../src/wire/kafka/generated/03-metadata.ts';
import { createTopicsCodec } from '../../../../src/wire/kafka/generated/19-create-topics.ts';
import { initProducerIdCodec } from '../../../../src/wire/kafka/generated/22-init-producer-id.ts';
import { addPartitionsToTxnCodec } from '../../../../src/wire/kafka/generated/24-add-partitions-to-txn.ts';
import { endTxnCodec } from '../../../../src/wire/kafka/generated/26-end-txn.ts';
import { apiVersionsCodec } from '../../../../src/wire/kafka/generated/18-api-versions.ts';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  readRequestStart,
} from '../../../../src/wire/kafka/header.ts';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** `hex` is what KafkaJS 2.2.4 sends for the same request. */
function same<Request, Response>(
  codec: ApiCodec<Request, Response>,
  version: number,
  body: Request,
  hex: string,
): void {
  expect(hexOf(encodeBody(codec.writeRequest, body, version))).toBe(hex);
  const decoded = decodeBody(codec.readRequest, Buffer.from(hex, 'hex'), version);
  expect(decoded).toEqual({ ok: true, value: body });
}

const topic = (name: string): { name: string; topicId: typeof zeroUuid } => ({
  name,
  topicId: zeroUuid,
});

describe('requests are byte for byte what KafkaJS sends', () => {
  it('ListOffsets v3', () => {
    const partitions = [{ partitionIndex: 2, currentLeaderEpoch: -1, timestamp: -1 }];
    const body = { replicaId: -1, isolationLevel: 1, topics: [{ name: 'sensors', partitions }] };
    const hex = 'ffffffff0100000001000773656e736f72730000000100000002ffffffffffffffff';
    same(listOffsetsCodec, 3, body, hex);
  });

  it('Metadata v6', () => {
    const body = {
      topics: [topic('a'), topic('b')],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    same(metadataCodec, 6, body, '0000000200016100016200');
  });

  it('Fetch v11', () => {
    const partition = {
      partition: 1,
      currentLeaderEpoch: -1,
      fetchOffset: 42,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 65536,
    };
    const body = {
      clusterId: null,
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 1048576,
      isolationLevel: 1,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: 'sensors', partitions: [partition] }],
      forgottenTopicsData: [],
      rackId: '',
    };
    const hex =
      'ffffffff000001f400000001001000000100000000ffffffff00000001000773656e736f727300000001' +
      '00000001ffffffff000000000000002affffffffffffffff00010000000000000000';
    same(fetchCodec, 11, body, hex);
  });

  it('InitProducerId v1, AddPartitionsToTxn v1, EndTxn v1', () => {
    const start = { transactionalId: 'tx', transactionTimeoutMs: 30_000 };
    const init = { ...start, producerId: -1n, producerEpoch: -1 };
    same(initProducerIdCodec, 1, init, '0002747800007530');
    const producer = { transactionalId: 'tx', producerId: 4000n, producerEpoch: 3 };
    const add = { ...producer, topics: [{ name: 'sensors', partitions: [0, 2] }] };
    const addHex = '000274780000000000000fa0000300000001000773656e736f7273000000020000000000000002';
    same(addPartitionsToTxnCodec, 1, add, addHex);
    same(endTxnCodec, 1, { ...producer, committed: true }, '000274780000000000000fa0000301');
  });

  it('CreateTopics v3', () => {
    const created = {
      name: 'c',
      numPartitions: 3,
      replicationFactor: 1,
      assignments: [],
      configs: [{ name: 'cleanup.policy', value: 'compact' }],
    };
    const hex =
      '000000010001630000000300010000000000000001000e636c65616e75702e706f6c6963790007636f6d70' +
      '6163740000138800';
    same(createTopicsCodec, 3, { topics: [created], timeoutMs: 5000, validateOnly: false }, hex);
  });
});

/** `hex` is Kafka's message table, read by hand. */
describe('what nodes say to each other is as Kafka lays it out', () => {
  const topicId = uuid('00112233-4455-6677-8899-aabbccddeeff');
  const topicHex = '00112233445566778899aabbccddeeff';
  const directoryId = uuid('01020304-0506-0708-090a-0b0c0d0e0f10');
  const directoryHex = '0102030405060708090a0b0c0d0e0f10';
  /** Tag 10000 and sixteen bytes, the only tagged field. */
  const ofTopic = `01904e10${topicHex}`;

  it('Vote v2', () => {
    const partition = {
      ...{ partitionIndex: 1, replicaEpoch: 7, replicaId: 2 },
      ...{ replicaDirectoryId: directoryId, voterDirectoryId: zeroUuid },
      ...{ lastOffsetEpoch: 6, lastOffset: 300, preVote: true },
    };
    const topics = [{ topicName: 'a', topicId, partitions: [partition] }];
    const zero = '00'.repeat(16);
    const hex =
      '03' +
      '6c31' +
      '00000003' +
      '02' +
      '0261' +
      '02' +
      '00000001' +
      '00000007' +
      '00000002' +
      directoryHex +
      zero +
      '00000006' +
      '000000000000012c' +
      '01' +
      '00' +
      ofTopic +
      '00';
    same(voteCodec, 2, { clusterId: 'l1', voterId: 3, topics }, hex);
  });

  it('BeginQuorumEpoch v1 and EndQuorumEpoch v1', () => {
    const led = { partitionIndex: 1, leaderId: 2, leaderEpoch: 7 };
    const begun = [
      { topicName: '', topicId, partitions: [{ ...led, voterDirectoryId: directoryId }] },
    ];
    const begin = { clusterId: null, voterId: 3, topics: begun, leaderEndpoints: [] };
    const beginHex =
      '00' +
      '00000003' +
      '02' +
      '01' +
      '02' +
      '00000001' +
      directoryHex +
      '00000002' +
      '00000007' +
      '00' +
      ofTopic +
      '01' +
      '00';
    same(beginQuorumEpochCodec, 1, begin, beginHex);
    const candidates = [{ candidateId: 3, candidateDirectoryId: directoryId }];
    const resigned = { ...led, preferredSuccessors: [], preferredCandidates: candidates };
    const endpoint = { name: 'p', host: 'h', port: 0xfffe };
    const end = {
      ...{ clusterId: null, leaderEndpoints: [endpoint] },
      topics: [{ topicName: '', topicId, partitions: [resigned] }],
    };
    const endHex =
      '00' +
      '02' +
      '01' +
      '02' +
      '00000001' +
      '00000002' +
      '00000007' +
      '02' +
      '00000003' +
      directoryHex +
      '00' +
      '00' +
      ofTopic +
      '02' +
      '0270' +
      '0268' +
      'fffe' +
      '00' +
      '00';
    same(endQuorumEpochCodec, 1, end, endHex);
  });

  it('Fetch v17', () => {
    const partition = {
      ...{ partition: 1, currentLeaderEpoch: 7, fetchOffset: 42, lastFetchedEpoch: 6 },
      ...{ logStartOffset: 3, partitionMaxBytes: 65_536 },
      ...{ replicaDirectoryId: directoryId, persistedOffset: 41, isWitness: false },
    };
    const body = {
      ...{ clusterId: null, replicaState: { replicaId: 2, replicaEpoch: 9 } },
      ...{ maxWaitMs: 500, minBytes: 1, maxBytes: 1_048_576, isolationLevel: 0 },
      ...{ sessionId: 5, sessionEpoch: 1, topics: [{ topicId, partitions: [partition] }] },
      ...{ forgottenTopicsData: [{ topicId, partitions: [8] }], rackId: '' },
    };
    const hex =
      '000001f4' +
      '00000001' +
      '00100000' +
      '00' +
      '00000005' +
      '00000001' +
      '02' +
      topicHex +
      '02' +
      '00000001' +
      '00000007' +
      '000000000000002a' +
      '00000006' +
      '0000000000000003' +
      '00010000' +
      '02' +
      '0010' +
      directoryHex +
      '904e08' +
      '0000000000000029' +
      '00' +
      '02' +
      topicHex +
      '02' +
      '00000008' +
      '00' +
      '01' +
      '01' +
      '010d' +
      '00000002' +
      '0000000000000009' +
      '00';
    same(peerFetchCodec, 17, body, hex);
  });
});

describe('headers', () => {
  it('frame a request in the classic and the flexible form', () => {
    const identity = { correlationId: 7, clientId: 'me' };
    const body = { clientSoftwareName: 'x', clientSoftwareVersion: '1' };
    const classic = encodeRequest(apiVersionsCodec, 0, identity, body);
    expect(hexOf(classic)).toBe('0000000c001200000000000700026d65');
    const flexible = encodeRequest(apiVersionsCodec, 3, identity, body);
    expect(hexOf(flexible)).toBe('00000012001200030000000700026d65000278023100');
    const frame = flexible.subarray(4);
    const start = { apiKey: 18, apiVersion: 3, correlationId: 7 };
    expect(readRequestStart(frame)).toEqual({ ok: true, value: start });
    const decoded = decodeRequest(apiVersionsCodec, 3, frame);
    expect(decoded).toEqual({ ok: true, value: { clientId: 'me', body } });
    for (let cut = 0; cut < frame.length; cut++) {
      expect(decodeRequest(apiVersionsCodec, 3, frame.subarray(0, cut)).ok).toBe(false);
    }
  });

  it('leave tags out of the ApiVersions response header only', () => {
    const versions = {
      errorCode: 0,
      apiKeys: [],
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
      zkMigrationReady: false,
    };
    const frame = encodeResponse(apiVersionsCodec, 3, 9, versions);
    expect(hexOf(frame)).toBe('0000000c00000009' + '0000' + '01' + '00000000' + '00');
    expect(decodeResponse(apiVersionsCodec, 3, frame.subarray(4))).toMatchObject({ ok: true });
    const ended = { throttleTimeMs: 0, errorCode: 0 };
    const flexible = encodeResponse(endTxnCodec, 3, 9, ended);
    expect(hexOf(flexible)).toBe('0000000c00000009' + '00' + '00000000' + '0000' + '00');
    expect(decodeResponse(endTxnCodec, 3, flexible.subarray(4))).toEqual({
      ok: true,
      value: ended,
    });
  });
});
