import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../../../src/base/brand.ts';
import { concatBytes, utf8Encode } from '../../../../src/base/bytes.ts';
import type { Compression } from '../../../../src/ports/compression.ts';
import { checkProducedBatch } from '../../../../src/wire/kafka/batch-check.ts';
import { compressBatch } from '../../../../src/wire/kafka/batch-compression.ts';
import { scanBatches } from '../../../../src/wire/kafka/batch-scan.ts';
import {
  buildLeaderChangeBatch,
  readControlType,
} from '../../../../src/wire/kafka/control-record.ts';
import { patchForForward } from '../../../../src/wire/kafka/header-patch.ts';
import { RecordBatchBuilder } from '../../../../src/wire/kafka/record-batch-builder.ts';
import type { BatchIdentity } from '../../../../src/wire/kafka/record-batch-builder.ts';
import type { RecordBatchHeader } from '../../../../src/wire/kafka/record-batch-header.ts';
import {
  batchPosition,
  computeBatchCrc,
  isBatchCrcValid,
  readRecordBatchHeader,
  stampBatch,
} from '../../../../src/wire/kafka/record-batch-header.ts';
import type { RecordHeader } from '../../../../src/wire/kafka/record-headers.ts';
import { encodeRecordHeaders, noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';
import { iterateRecords } from '../../../../src/wire/kafka/record-iterator.ts';
import { lastSequenceOf, sequenceAfter } from '../../../../src/wire/kafka/sequence.ts';

interface SampleRecord {
  readonly timestamp: number;
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
  readonly headers: readonly RecordHeader[];
}

const part = fc.option(fc.uint8Array({ maxLength: 60 }), { nil: undefined });
const sampleRecord: fc.Arbitrary<SampleRecord> = fc.record({
  timestamp: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  key: part,
  value: part,
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 8 }), value: part }), { maxLength: 3 }),
});
const sampleRecords = fc.array(sampleRecord, { minLength: 1, maxLength: 20 });

function build(
  records: readonly SampleRecord[],
  identity?: BatchIdentity,
  capacity = 64,
): Uint8Array {
  const builder = new RecordBatchBuilder(capacity);
  for (const { timestamp, key, value, headers } of records) {
    builder.append(timestamp, key, value, encodeRecordHeaders(headers));
  }
  return builder.finish(identity);
}

function headerOf(bytes: Uint8Array, at = 0): RecordBatchHeader {
  const header = readRecordBatchHeader(bytes, at);
  if (!header.ok) throw new Error(header.error);
  return header.value;
}

function recordsOf(bytes: Uint8Array, compression?: Compression): readonly SampleRecord[] {
  const decompression = compression && { compression, bytesMax: 1_000_000 };
  const iterated = iterateRecords(bytes, headerOf(bytes), decompression);
  if (!iterated.ok) throw new Error(iterated.error);
  const records: SampleRecord[] = [];
  for (const it = iterated.value; it.next();) {
    records.push({
      timestamp: it.timestamp,
      key: it.key(),
      value: it.value(),
      headers: it.headers(),
    });
  }
  expect(iterated.value.fault).toBeUndefined();
  return records;
}

const gzip: Compression = {
  supports: (type) => type === 'gzip',
  compress: (_type, bytes) => new Uint8Array(gzipSync(bytes)),
  decompress: (_type, bytes, bytesMax) => {
    try {
      return new Uint8Array(gunzipSync(bytes, { maxOutputLength: bytesMax }));
    } catch {
      return undefined;
    }
  },
};

/** Overwrites one field of a valid batch and repairs the CRC. */
function withByte(batch: Uint8Array, at: number, byte: number): Uint8Array {
  const changed = batch.slice();
  changed[at] = byte;
  new DataView(changed.buffer).setUint32(17, computeBatchCrc(changed, 0, changed.length));
  return changed;
}

const three: readonly SampleRecord[] = [
  {
    timestamp: 1_700_000_000_000,
    key: utf8Encode('k1'),
    value: utf8Encode('hello'),
    headers: [
      { key: 'h', value: utf8Encode('v') },
      { key: 'n', value: undefined },
    ],
  },
  { timestamp: 1_700_000_000_123, key: undefined, value: utf8Encode(''), headers: [] },
  { timestamp: 1_699_999_999_999, key: utf8Encode(''), value: undefined, headers: [] },
];
const idempotent = { producerId: 4242n, producerEpoch: 3, baseSequence: 17 };
/** Built by kafka-python 2.0.2 from the same three records. */
const golden = Buffer.from(
  '00000000000000000000005500000000024cd94e350000000000020000018bcfe568000000018bcfe5687b' +
    '00000000000010920003000000110000000328000000046b310a68656c6c6f0402680276026e010e00f6' +
    '01020100000c000104000100',
  'hex',
);

describe('a built batch', () => {
  it('is byte for byte what kafka-python builds', () => {
    const batch = build(three, { ...idempotent, leaderEpoch: 0 });
    expect(Buffer.from(batch).toString('hex')).toBe(golden.toString('hex'));
  });

  it('brings every record back', () => {
    fc.assert(
      fc.property(sampleRecords, fc.constantFrom(1, 4096), (records, capacity) => {
        const batch = build(records, idempotent, capacity);
        expect(recordsOf(batch)).toEqual(records);
        const header = headerOf(batch);
        expect(isBatchCrcValid(batch, header)).toBe(true);
        expect(header.maxTimestamp).toBe(Math.max(...records.map(({ timestamp }) => timestamp)));
        expect(header).toMatchObject({ ...idempotent, recordCount: records.length });
        expect(checkProducedBatch(batch, batch.length)).toMatchObject({ ok: true });
      }),
    );
  });

  it('leaves an empty builder, and its own bytes alone', () => {
    const builder = new RecordBatchBuilder(80);
    const batches = [1, 2, 3].map((round) => {
      for (let index = 0; index <= round; index++) {
        builder.append(round, undefined, Uint8Array.of(round), noRecordHeaders);
      }
      return builder.finish();
    });
    expect(builder.recordCount).toBe(0);
    expect(batches.map((batch) => recordsOf(batch).length)).toEqual([2, 3, 4]);
    expect(recordsOf(batches[0] as Uint8Array)[0]?.value).toEqual(Uint8Array.of(1));
  });

  it('never grows by more than recordBytesMax', () => {
    fc.assert(
      fc.property(sampleRecords, (records) => {
        const builder = new RecordBatchBuilder();
        for (const { timestamp, key, value, headers } of records) {
          const encoded = encodeRecordHeaders(headers);
          const before = builder.totalBytes;
          builder.append(timestamp, key, value, encoded);
          const [keyBytes, valueBytes] = [key?.length ?? 0, value?.length ?? 0];
          expect(builder.totalBytes - before).toBeLessThanOrEqual(
            RecordBatchBuilder.recordBytesMax(keyBytes, valueBytes, encoded.length),
          );
        }
      }),
    );
  });

  it('takes its place in the log without a new CRC', () => {
    const batch = build(three);
    stampBatch(batch, 0, offset(2 ** 40), leaderEpoch(7));
    const header = headerOf(batch);
    expect(header).toMatchObject({ baseOffset: 2 ** 40, lastOffset: 2 ** 40 + 2, leaderEpoch: 7 });
    expect(isBatchCrcValid(batch, header)).toBe(true);
  });
});

describe('compressed records', () => {
  it('come back through the port', () => {
    const batch = build(three, idempotent);
    const packed = compressBatch(batch, headerOf(batch), 'gzip', gzip);
    expect(headerOf(packed).codec).toBe(1);
    expect(checkProducedBatch(packed, 10_000)).toMatchObject({ ok: true });
    expect(recordsOf(packed, gzip)).toEqual(three);
  });

  it('are a fault without the port, too large, or malformed', () => {
    const batch = build(three);
    const packed = compressBatch(batch, headerOf(batch), 'gzip', gzip);
    const header = headerOf(packed);
    expect(iterateRecords(packed, header)).toEqual({ ok: false, error: 'codec' });
    const small = { compression: gzip, bytesMax: 4 };
    expect(iterateRecords(packed, header, small)).toEqual({ ok: false, error: 'records' });
  });
});

describe('scanBatches', () => {
  it('reads what is whole and says where it ends', () => {
    const [a, b] = [build(three), build(three.slice(1))];
    const both = concatBytes([a, b]);
    expect(scanBatches(both)).toMatchObject({ end: both.length, fault: undefined });
    expect(scanBatches(both).headers.map(({ recordCount }) => recordCount)).toEqual([3, 2]);
    for (let cut = a.length + 1; cut < both.length; cut++) {
      expect(scanBatches(both, 0, cut)).toMatchObject({ end: a.length, fault: 'truncated' });
    }
  });

  it('sees every flipped bit behind the prefix', () => {
    const batch = build(three, idempotent);
    for (let bit = batchPosition.magic * 8; bit < batch.length * 8; bit++) {
      const rotten = batch.slice();
      rotten[bit >> 3] = (rotten[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(scanBatches(rotten).fault).toBeDefined();
    }
  });
});

describe('checkProducedBatch', () => {
  const batch = build(three, idempotent);
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['cut off', batch.subarray(0, batch.length - 1), 'CORRUPT_RECORD'],
    ['empty', new Uint8Array(0), 'CORRUPT_RECORD'],
    ['two batches', concatBytes([batch, batch]), 'INVALID_RECORD'],
    ['of magic 1', withByte(batch, 16, 1), 'INVALID_RECORD'],
    [
      'of another CRC',
      Uint8Array.from(batch, (byte, at) => (at === 90 ? byte ^ 1 : byte)),
      'CORRUPT_RECORD',
    ],
    ['a control batch', withByte(batch, 22, 0x20), 'INVALID_RECORD'],
    ['transactional', withByte(batch, 22, 0x10), 'INVALID_RECORD'],
    ['LogAppendTime', withByte(batch, 22, 0x08), 'INVALID_TIMESTAMP'],
    ['of codec 5', withByte(batch, 22, 5), 'INVALID_RECORD'],
    ['with a gap', withByte(batch, 26, 3), 'INVALID_RECORD'],
    ['short of a record', withByte(batch, 60, 2), 'INVALID_RECORD'],
    ['without a sequence', withByte(batch, 53, 0x80), 'INVALID_RECORD'],
    ['with a wrong record length', withByte(batch, 61, 42), 'INVALID_RECORD'],
    ['with a wrong offset delta', withByte(batch, 64, 2), 'INVALID_RECORD'],
    ['without offset 0', withByte(build(three.slice(0, 1)), 64, 2), 'INVALID_RECORD'],
  ];
  it.each(cases)('refuses a batch that is %s', (_name, bytes, error) => {
    expect(checkProducedBatch(bytes, 10_000)).toEqual({ ok: false, error });
  });

  it('refuses one that is too large', () => {
    const checked = checkProducedBatch(batch, batch.length - 1);
    expect(checked).toEqual({ ok: false, error: 'RECORD_TOO_LARGE' });
  });

  it('never throws on hostile records', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(4), (tail, count) => {
        const hostile = concatBytes([batch.subarray(0, 61), tail]);
        new DataView(hostile.buffer).setInt32(8, hostile.length - 12);
        new DataView(hostile.buffer).setInt32(23, count - 1);
        const checked = checkProducedBatch(withByte(hostile, 60, count), 10_000);
        if (checked.ok) expect(recordsOf(withByte(hostile, 60, count))).toHaveLength(count);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('control batches', () => {
  it('carry a LeaderChange', () => {
    const change = { leaderId: 5, voters: [5, 6], grantingVoters: [5] };
    const place = { baseOffset: 12, leaderEpoch: 9, timestamp: 1_700_000_000_000 };
    const batch = buildLeaderChangeBatch(change, place);
    const header = headerOf(batch);
    expect(header).toMatchObject({ isControl: true, isTransactional: false, lastOffset: 12 });
    expect([header.leaderEpoch, header.recordCount, header.producerId]).toEqual([9, 1, -1n]);
    expect(readControlType(batch, header)).toBe('LEADER_CHANGE');
    expect(recordsOf(batch)[0]).toMatchObject({
      key: Uint8Array.of(0, 0, 0, 2),
      value: Uint8Array.of(0, 0, 0, 0, 0, 5, 3, 0, 0, 0, 5, 0, 0, 0, 0, 6, 0, 2, 0, 0, 0, 5, 0, 0),
    });
    expect(isBatchCrcValid(batch, header)).toBe(true);
  });

  it.each([
    [0, 'ABORT'],
    [1, 'COMMIT'],
    [3, 'OTHER'],
    [6, 'VOTERS'],
    [7, 'OTHER'],
  ])('of type %i is read as %s', (type, name) => {
    const key = Uint8Array.of(0, 0, 0, type);
    const marker = build([{ timestamp: 1, key, value: new Uint8Array(6), headers: [] }]);
    expect(readControlType(marker, headerOf(marker))).toBe(name);
  });

  it('with a short key is no control batch', () => {
    const marker = build([{ timestamp: 1, key: Uint8Array.of(0), value: undefined, headers: [] }]);
    expect(readControlType(marker, headerOf(marker))).toBeUndefined();
  });
});

describe('patchForForward', () => {
  it('changes the identity and nothing else, with a right CRC', () => {
    fc.assert(
      fc.property(
        sampleRecords,
        fc.nat(),
        fc.nat(32_767),
        fc.boolean(),
        (records, at, epoch, tx) => {
          const source = concatBytes([utf8Encode('before'), build(records, idempotent)]);
          stampBatch(source, 6, offset(at), leaderEpoch(3));
          const identity = {
            producerId: 2n ** 62n + BigInt(at),
            producerEpoch: epoch,
            baseSequence: at,
            isTransactional: tx,
          };
          const patched = patchForForward(source, headerOf(source, 6), identity);
          const header = headerOf(patched);
          expect(header).toMatchObject({ ...identity, baseOffset: 0, leaderEpoch: -1 });
          expect(isBatchCrcValid(patched, header)).toBe(true);
          expect(recordsOf(patched)).toEqual(records);
        },
      ),
    );
  });

  it('does not heal a payload that is rotten', () => {
    const source = build(three);
    source[source.length - 1] = 9;
    const patched = patchForForward(source, headerOf(source), {
      ...idempotent,
      isTransactional: true,
    });
    expect(isBatchCrcValid(patched, headerOf(patched))).toBe(false);
  });
});

describe('sequences', () => {
  it('wrap to 0 behind 2^31 - 1', () => {
    expect(sequenceAfter(2 ** 31 - 1, 1)).toBe(0);
    expect(sequenceAfter(2 ** 31 - 2, 1)).toBe(2 ** 31 - 1);
    const wrapping = build(three, { ...idempotent, baseSequence: 2 ** 31 - 2 });
    expect(lastSequenceOf(headerOf(wrapping))).toBe(0);
    expect(lastSequenceOf(headerOf(build(three)))).toBe(-1);
  });
});
