import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as codec from '../../../../src/wire/state/state-codec.ts';

const text = fc.string({ unit: 'grapheme' });
const int64 = fc.maxSafeInteger();
const uint32 = fc.nat(0xffffffff);
const int32 = fc.integer();
const identity = fc.record({ leaderEpoch: int32, baseOffset: int64, crc: uint32 });
const replica = fc.record({ nodeId: uint32, directoryId: text, isWitness: fc.boolean() });
const assignment = fc.array(replica, { maxLength: 4 });
const maybeIdentity = fc.option(identity, { nil: undefined });
const owner = fc.record({ nodeId: uint32, counter: fc.maxSafeNat() });

describe('values of internal topics survive their bytes', () => {
  test('Topic', () => {
    const value = fc.record({
      ...{ name: text, topicId: text, partitions: uint32, internal: fc.boolean() },
      ...{ keepUnforwarded: fc.boolean(), retentionMs: int64, retentionBytes: int64 },
      ...{ assignments: fc.array(assignment, { maxLength: 4 }) },
      ...{ minInsyncReplicas: uint32, replicas: uint32 },
    });
    survives(value, codec.encodeTopic, codec.decodeTopic);
  });

  test('Topic with wanted replicas, and none', () => {
    const topic = {
      ...{ name: 't', topicId: 'i', partitions: 1, internal: false, keepUnforwarded: false },
      ...{ retentionMs: 1, retentionBytes: 2, assignments: [], minInsyncReplicas: 0, replicas: 0 },
    };
    const wanted = [[{ nodeId: 1, directoryId: 'd', isWitness: false }]];
    const read = codec.decodeTopic(codec.encodeTopic({ ...topic, wanted }));
    expect(read).toEqual({ ok: true, value: { ...topic, wanted } });
    const without = codec.decodeTopic(codec.encodeTopic({ ...topic, wanted: [] }));
    expect(without.ok && 'wanted' in without.value).toBe(false);
  });

  test('Member', () => survives(replica, codec.encodeMember, codec.decodeMember));

  test('ProducerIdBlock', () => {
    const value = fc.record({ nextProducerId: int64 });
    survives(value, codec.encodeProducerIdBlock, codec.decodeProducerIdBlock);
  });

  test('ForwardDecision', () => {
    const value = fc.record({ decisionId: text, from: text });
    survives(value, codec.encodeForwardDecision, codec.decodeForwardDecision);
  });

  test('Drop', () => {
    const value = fc.record({
      ...{ topicId: text, partition: uint32, from: int64, to: int64, reason: text },
      ...{ count: int64, lastForwarded: maybeIdentity },
    });
    survives(value, codec.encodeDrop, codec.decodeDrop);
    const told = { leaderEpoch: 7, isRemoved: true as const };
    const drop = { topicId: 't', partition: 1, from: 2, to: 3, reason: 'r', count: 4 };
    const removal = { ...drop, lastForwarded: undefined, ...told };
    expect(codec.decodeDrop(codec.encodeDrop(removal))).toEqual({ ok: true, value: removal });
  });

  test('Session', () => {
    const change = fc.constantFrom('sets', 'takes', 'updates', 'removes');
    const value = fc.record(
      {
        producerId: int64,
        producerEpoch: int32,
        clean: fc.boolean(),
        change,
        owner,
        after: owner,
        hasEnded: fc.constant(true as const),
      },
      { requiredKeys: ['producerId', 'producerEpoch', 'clean', 'change'] },
    );
    survives(value, codec.encodeSession, codec.decodeSession);
  });

  test('OpenIdentifier', () => {
    const value = fc.record(
      {
        ...{ topicId: text, partition: uint32, producerId: int64 },
        ...{ producerEpoch: int32, baseSequence: int32, isRemoved: fc.boolean(), owner },
      },
      {
        requiredKeys: [
          ...(['topicId', 'partition', 'producerId'] as const),
          ...(['producerEpoch', 'baseSequence', 'isRemoved'] as const),
        ],
      },
    );
    survives(value, codec.encodeOpenIdentifier, codec.decodeOpenIdentifier);
  });

  test('Cursor', () => {
    const value = fc.record({
      ...{ version: uint32, forwardOffset: int64, edgeLeaderEpoch: int32 },
      ...{ lastForwarded: maybeIdentity, topic: text, nodeId: uint32, writtenAtMs: int64 },
      ...{ decisionId: text },
    });
    survives(value, codec.encodeCursor, codec.decodeCursor);
  });

  test('Gap', () => {
    const value = fc.record({
      ...{ from: int64, to: int64, leaderEpoch: int32, reason: text, count: int64 },
    });
    survives(value, codec.encodeGap, codec.decodeGap);
  });
});

test('any bytes give a value or an error, never an exception', () => {
  const decoders = [
    ...[codec.decodeTopic, codec.decodeProducerIdBlock, codec.decodeForwardDecision],
    ...[codec.decodeDrop, codec.decodeSession, codec.decodeOpenIdentifier],
    ...[codec.decodeCursor, codec.decodeGap],
  ];
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      for (const decode of decoders) expect(typeof decode(bytes).ok).toBe('boolean');
    }),
  );
});

test('cut bytes and numbers beyond 2^53 are malformed', () => {
  const bytes = codec.encodeProducerIdBlock({ nextProducerId: Number.MAX_SAFE_INTEGER });
  const malformed = { ok: false, error: 'malformed' };
  expect(codec.decodeProducerIdBlock(bytes.subarray(0, -1))).toEqual(malformed);
  const beyond = Uint8Array.of(0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40);
  expect(codec.decodeProducerIdBlock(beyond)).toEqual(malformed);
});

test('a topic that was stored before replicas were placed is read as unplaced', () => {
  const stored = '0a077365 6e736f72 73120174 18042801 30ffffffff ffffffff ff013801';
  const value = { name: 'sensors', topicId: 't', partitions: 4, internal: false };
  const keeps = { keepUnforwarded: true, retentionMs: -1, retentionBytes: 1 };
  const topic = { ...value, ...keeps, ...codec.unplaced };
  const bytes = Buffer.from(stored.replaceAll(' ', ''), 'hex');
  expect(codec.decodeTopic(bytes)).toEqual({ ok: true, value: topic });
  expect(Buffer.from(codec.encodeTopic(topic))).toEqual(bytes);
});

test('the wire format stays as it was first written', () => {
  const session = { producerId: 1000, producerEpoch: 3, clean: true, change: 'sets' } as const;
  const bytes = codec.encodeSession(session);
  expect([...bytes]).toEqual([0x08, 0xe8, 0x07, 0x10, 0x03, 0x18, 0x01]);
  const replica = { nodeId: 2, directoryId: 'd', isWitness: true };
  const topic = codec.encodeTopic({
    ...{ name: '', topicId: '', partitions: 0, internal: false, keepUnforwarded: false },
    ...{ retentionMs: 0, retentionBytes: 0, assignments: [[], [replica]] },
    ...{ minInsyncReplicas: 2, replicas: 3 },
  });
  const hex = Buffer.from(topic).toString('hex');
  expect(hex.slice(hex.indexOf('4200'))).toBe(
    '4200' + '42090a07' + '0802120164' + '1801' + '48025003',
  );
});

function survives<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(decode(encode(value))).toEqual({ ok: true, value });
    }),
  );
}
