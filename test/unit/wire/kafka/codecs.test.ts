import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import type { ApiCodec } from '../../../../src/wire/kafka/codec.ts';
import { decodeBody, encodeBody } from '../../../../src/wire/kafka/codec.ts';
import { produceCodec } from '../../../../src/wire/kafka/generated/00-produce.ts';
import { fetchCodec } from '../../../../src/wire/kafka/generated/01-fetch.ts';
import { listOffsetsCodec } from '../../../../src/wire/kafka/generated/02-list-offsets.ts';
import { metadataCodec } from '../../../../src/wire/kafka/generated/03-metadata.ts';
import { findCoordinatorCodec } from '../../../../src/wire/kafka/generated/10-find-coordinator.ts';
import { saslHandshakeCodec } from '../../../../src/wire/kafka/generated/17-sasl-handshake.ts';
import { apiVersionsCodec } from '../../../../src/wire/kafka/generated/18-api-versions.ts';
import { createTopicsCodec } from '../../../../src/wire/kafka/generated/19-create-topics.ts';
import { initProducerIdCodec } from '../../../../src/wire/kafka/generated/22-init-producer-id.ts';
import { offsetForLeaderEpochCodec } from '../../../../src/wire/kafka/generated/23-offset-for-leader-epoch.ts';
import { addPartitionsToTxnCodec } from '../../../../src/wire/kafka/generated/24-add-partitions-to-txn.ts';
import { endTxnCodec } from '../../../../src/wire/kafka/generated/26-end-txn.ts';
import { describeConfigsCodec } from '../../../../src/wire/kafka/generated/32-describe-configs.ts';
import { saslAuthenticateCodec } from '../../../../src/wire/kafka/generated/36-sasl-authenticate.ts';
import { voteCodec } from '../../../../src/wire/kafka/generated/52-vote.ts';
import { beginQuorumEpochCodec } from '../../../../src/wire/kafka/generated/53-begin-quorum-epoch.ts';
import { endQuorumEpochCodec } from '../../../../src/wire/kafka/generated/54-end-quorum-epoch.ts';
import { allocateProducerIdsCodec } from '../../../../src/wire/kafka/generated/67-allocate-producer-ids.ts';
import { addRaftVoterCodec } from '../../../../src/wire/kafka/generated/80-add-raft-voter.ts';
import { introduceCodec } from '../../../../src/wire/kafka/generated/10000-introduce.ts';
import { describeLedCodec } from '../../../../src/wire/kafka/generated/10001-describe-led.ts';
import { alterTopicCodec } from '../../../../src/wire/kafka/generated/10002-alter-topic.ts';
import { peerProduceCodec } from '../../../../src/wire/kafka/generated/00-peer-produce.ts';
import { peerFetchCodec } from '../../../../src/wire/kafka/generated/01-peer-fetch.ts';
import { writeUnsignedVarint } from '../../../../src/base/varint.ts';
import { ProtocolReader, zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';
import { ProtocolWriter } from '../../../../src/wire/kafka/protocol-writer.ts';
import { allSchemas } from '../../../../src/wire/kafka/schema/all-schemas.ts';
import { peerSchemas } from '../../../../src/wire/kafka/schema/peer-schemas.ts';
import type {
  ScalarType,
  SchemaField,
  SchemaStruct,
  VersionRange,
} from '../../../../src/wire/kafka/schema/parse-schema.ts';
import { parseBody, parseVersions } from '../../../../src/wire/kafka/schema/parse-schema.ts';

type UnknownCodec = ApiCodec<unknown, unknown>;

/** The test feeds each codec what its own table describes, so the static types say nothing here. */
const codecs = [
  produceCodec,
  fetchCodec,
  listOffsetsCodec,
  metadataCodec,
  findCoordinatorCodec,
  saslHandshakeCodec,
  apiVersionsCodec,
  createTopicsCodec,
  initProducerIdCodec,
  offsetForLeaderEpochCodec,
  addPartitionsToTxnCodec,
  endTxnCodec,
  describeConfigsCodec,
  saslAuthenticateCodec,
  peerProduceCodec,
  peerFetchCodec,
  voteCodec,
  beginQuorumEpochCodec,
  endQuorumEpochCodec,
  allocateProducerIdsCodec,
  addRaftVoterCodec,
  introduceCodec,
  describeLedCodec,
  alterTopicCodec,
] as unknown as readonly UnknownCodec[];

const scalars: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32768, max: 32767 }),
  uint16: fc.nat(65535),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  producerId: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  boolean: fc.boolean(),
  string: fc.string({ maxLength: 12 }),
  bytes: fc.uint8Array({ maxLength: 12 }),
  uuid: fc.uuid().map(uuid),
};

const defaults = new Map<string, unknown>([
  ['null', null],
  ['[]', []],
  ["''", ''],
  ['zeroUuid', zeroUuid],
  ['true', true],
  ['false', false],
]);

function defaultOf({ defaultText }: SchemaField): unknown {
  if (defaults.has(defaultText)) return defaults.get(defaultText);
  if (defaultText.endsWith('n')) return BigInt(defaultText.slice(0, -1));
  return Number(defaultText);
}

const covers = (range: VersionRange | undefined, version: number): boolean =>
  range !== undefined && version >= range.min && version <= range.max;

function bodyOf(struct: SchemaStruct, version: number): fc.Arbitrary<object> {
  const fields = struct.fields.map(
    (field) =>
      [
        field.name,
        covers(field.versions, version) ? valueOf(field, version) : fc.constant(defaultOf(field)),
      ] as const,
  );
  return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
}

function valueOf(field: SchemaField, version: number): fc.Arbitrary<unknown> {
  const { type } = field;
  const element = typeof type === 'string' ? scalars[type] : bodyOf(type, version);
  const value = field.isArray ? fc.array(element, { maxLength: 3 }) : element;
  return covers(field.nullable, version) ? fc.option(value) : value;
}

describe.each([...allSchemas, ...peerSchemas])('$name', (schema) => {
  const all = parseVersions(schema.versions, { min: 0, max: 0 });
  const codec = codecs.find(({ name }) => name === schema.name) as UnknownCodec;
  const versions = Array.from({ length: all.max - all.min + 1 }, (_, index) => all.min + index);
  const directions = [
    ['request', schema.request, codec.readRequest, codec.writeRequest],
    ['response', schema.response, codec.readResponse, codec.writeResponse],
  ] as const;

  it('has the key and the range of its table', () => {
    const { key, versionMin, versionMax } = codec;
    expect([key, versionMin, versionMax]).toEqual([schema.key, all.min, all.max]);
  });

  describe.each(directions)('%s', (_direction, lines, read, write) => {
    const struct = parseBody('Any', lines, all);

    it.each(versions)('v%i comes back, and no cut of it decodes', (version) => {
      fc.assert(
        fc.property(bodyOf(struct, version), (body) => {
          const bytes = encodeBody(write, body, version);
          const decoded = decodeBody(read, bytes, version);
          expect(decoded).toEqual({ ok: true, value: body });
          const reader = new ProtocolReader(bytes);
          read(reader, version);
          expect(reader.remaining).toBe(0);
          let decodedCuts = 0;
          for (let cut = 0; cut < bytes.length; cut++) {
            if (decodeBody(read, bytes.subarray(0, cut), version).ok) decodedCuts++;
          }
          expect(decodedCuts).toBe(0);
        }),
        { numRuns: 15 },
      );
    });

    it('takes hostile bytes without a throw', () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...versions),
          fc.uint8Array({ maxLength: 60 }),
          (version, bytes) => {
            expect(typeof decodeBody(read, bytes, version).ok).toBe('boolean');
          },
        ),
        { numRuns: 100 },
      );
    });
  });
});

describe('the protocol types', () => {
  it('refuse more array elements than there are bytes for, before they are read', () => {
    const writer = new ProtocolWriter();
    writer.int32(400_000);
    writer.raw(new Uint8Array(100));
    let reads = 0;
    const reader = new ProtocolReader(writer.view());
    reader.array((element) => reads++ + element.int8(), 0, false, 1);
    expect([reader.failed, reads]).toEqual([true, 0]);
  });

  it.each([
    ['the smallest elements that clients send in numbers', 10_000, 12, false],
    ['as many small ones as are free', 745, 1, false],
    ['one more', 746, 1, true],
    ['very many', 600_000, 20, true],
  ])('take elements by what they need in memory: %s', (_name, count, elementBytes, failed) => {
    const bytes = new Uint8Array(4 + count * elementBytes);
    new DataView(bytes.buffer).setInt32(0, count);
    const reader = new ProtocolReader(bytes);
    reader.array((element) => element.skip(elementBytes), 0, false, elementBytes);
    expect(reader.failed).toBe(failed);
  });

  it('refuse a string longer than any of Kafka, and one that grows past it', () => {
    const string = (length: number, fill: number): string | undefined => {
      const bytes = new Uint8Array(3 + length).fill(fill);
      writeUnsignedVarint(bytes, 0, length + 1);
      const reader = new ProtocolReader(bytes);
      const text = reader.string(true);
      return reader.failed ? undefined : text;
    };
    expect(string(0x7fff, 0x61)).toHaveLength(0x7fff);
    expect(string(0x8000, 0x61)).toBeUndefined();
    expect(string(10_922, 0xff)).toHaveLength(10_922);
    expect(string(10_923, 0xff)).toBeUndefined();
  });

  it('write a UUID of either case as its 16 bytes, and nothing else', () => {
    const text = '00017f80-a9AF-4b0c-8d1e-f0123456789a';
    const writer = new ProtocolWriter(1);
    writer.uuid(uuid(text));
    expect(Buffer.from(writer.view()).toString('hex')).toBe(text.replaceAll('-', '').toLowerCase());
    expect(new ProtocolReader(writer.view()).uuid()).toBe(text.toLowerCase());
    expect(() => new ProtocolWriter().uuid(uuid(text.slice(1)))).toThrow('36 characters');
    expect(() => new ProtocolWriter().uuid(uuid(text.replaceAll('-', '0')))).toThrow('32 digits');
  });

  it('skip tagged fields that they do not know', () => {
    const writer = new ProtocolWriter();
    writer.int32(7);
    writer.int16(0);
    writer.unsignedVarint(2);
    writer.unsignedVarint(9);
    writer.unsignedVarint(3);
    writer.raw(Uint8Array.of(1, 2, 3));
    writer.unsignedVarint(200);
    writer.unsignedVarint(0);
    const decoded = decodeBody(
      codecs.find(({ key }) => key === 26)?.readResponse as never,
      writer.view(),
      3,
    );
    expect(decoded).toEqual({ ok: true, value: { throttleTimeMs: 7, errorCode: 0 } });
  });

  it('refuse a tagged field whose size is not that of its value', () => {
    const writer = new ProtocolWriter();
    apiVersionsCodec.writeResponse(
      writer,
      {
        errorCode: 0,
        apiKeys: [],
        throttleTimeMs: 0,
        supportedFeatures: [],
        finalizedFeaturesEpoch: 5,
        finalizedFeatures: [],
        zkMigrationReady: false,
      },
      3,
    );
    const bytes = Uint8Array.of(...writer.view(), 0);
    const sizeAt = bytes.length - 10;
    expect(bytes[sizeAt]).toBe(8);
    bytes[sizeAt] = 9;
    expect(decodeBody(apiVersionsCodec.readResponse, bytes, 3).ok).toBe(false);
  });
});
