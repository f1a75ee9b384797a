import { describe, expect, test } from 'vitest';
import { decodeWriteLogHeader, parseWriteLog } from '../../../power/write-log.ts';

const head = (entries: number, magic = 0x6a736677736872n, version = 1n): Buffer => {
  const bytes = Buffer.alloc(512);
  bytes.writeBigUInt64LE(magic, 0);
  bytes.writeBigUInt64LE(version, 8);
  bytes.writeBigUInt64LE(BigInt(entries), 16);
  bytes.writeUInt32LE(512, 24);
  return bytes;
};

const entry = (sector: number, sectors: number, flags: number): Buffer => {
  const bytes = Buffer.alloc(512);
  [sector, sectors, flags, 0].forEach((value, index) =>
    bytes.writeBigUInt64LE(BigInt(value), index * 8),
  );
  return bytes;
};

const readerOf =
  (...parts: readonly Buffer[]) =>
  (position: number, length: number): Buffer =>
    Buffer.concat(parts).subarray(position, position + length);

describe('the write log', () => {
  test('gives each entry with the place of its data', () => {
    const log = readerOf(
      head(5),
      entry(8, 2, 0),
      Buffer.alloc(1024, 1),
      entry(0, 0, 1),
      entry(16, 8, 4),
      entry(3, 1, 2),
      Buffer.alloc(512, 2),
      entry(0, 0, 1),
    );
    expect(parseWriteLog(log)).toEqual([
      { kind: 'write', at: 4096, bytes: 1024, isForced: false, dataAt: 1024 },
      { kind: 'flush', at: 0, bytes: 0, isForced: false, dataAt: 2560 },
      { kind: 'discard', at: 8192, bytes: 4096, isForced: false, dataAt: 3072 },
      { kind: 'write', at: 1536, bytes: 512, isForced: true, dataAt: 3584 },
      { kind: 'flush', at: 0, bytes: 0, isForced: false, dataAt: 4608 },
    ]);
  });

  test('ends where its head says', () => {
    expect(parseWriteLog(readerOf(head(1), entry(0, 0, 1), entry(0, 0, 1)))).toHaveLength(1);
  });

  test.each([
    ['other bytes', Buffer.alloc(512), 'not a write log'],
    ['too few bytes', head(1).subarray(0, 27), 'not a write log'],
    ['another version', head(1, undefined, 2n), 'another version'],
  ])('refuses %s', (_name, bytes, text) => {
    expect(() => decodeWriteLogHeader(bytes)).toThrow(text);
  });

  test.each([
    ['a missing entry', [head(1)], 'within entry 0'],
    ['an entry that is nothing', [head(1), entry(0, 0, 0)], 'nothing'],
    ['a write that flushes', [head(1), entry(0, 1, 1), Buffer.alloc(512)], 'flushes'],
    ['a mark', [head(1), entry(0, 0, 8)], 'mark'],
  ])('refuses %s', (_name, parts, text) => {
    expect(() => parseWriteLog(readerOf(...parts))).toThrow(text);
  });
});
