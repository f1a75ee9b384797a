import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ByteReader,
  ByteWriter,
  bytesEqual,
  concatBytes,
  isUtf8,
  utf8Decode,
  utf8Encode,
  utf8Length,
} from '../../../src/base/bytes.ts';

describe('ByteReader and ByteWriter', () => {
  it('bring every integer back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -128, max: 127 }),
        fc.integer({ min: -32768, max: 32767 }),
        fc.integer(),
        fc.maxSafeInteger(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (i8, i16, i32, i64, big) => {
          const writer = new ByteWriter(1);
          writer.int8(i8);
          writer.int16(i16);
          writer.int32(i32);
          writer.int64(i64);
          writer.bigInt64(big);
          writer.boolean(true);
          const view = new DataView(writer.copy().buffer);
          expect(view.getBigInt64(7)).toBe(BigInt(i64));
          expect(view.getBigInt64(15)).toBe(big);
          const reader = new ByteReader(writer.view());
          expect([reader.int8(), reader.int16(), reader.int32(), reader.int64()]).toEqual([
            i8,
            i16,
            i32,
            i64,
          ]);
          expect([reader.bigInt64(), reader.boolean(), reader.failed]).toEqual([big, true, false]);
        },
      ),
    );
  });

  it('refuses a 64-bit integer that a number cannot hold', () => {
    const writer = new ByteWriter();
    writer.bigInt64(2n ** 53n);
    const reader = new ByteReader(writer.view());
    expect([reader.int64(), reader.failed]).toEqual([0, true]);
  });

  it('does not double for what follows a large value', () => {
    const writer = new ByteWriter();
    writer.raw(new Uint8Array(1_000_000).fill(7));
    for (let i = 0; i < 32; i++) writer.int64(i);
    expect(writer.bytes.length).toBe(1_000_256);
    expect(writer.view().subarray(999_999, 1_000_008)).toEqual(
      new Uint8Array([7, 0, 0, 0, 0, 0, 0, 0, 0]),
    );
  });

  it('decodes text of any length with characters of any size at the seams', () => {
    for (const text of ['a', 'é', '€', '😀']) {
      for (const length of [0, 1, 1_022, 1_023, 1_024, 1_025, 3_000]) {
        const all = 'x'.repeat(length) + text.repeat(1_030);
        expect(utf8Decode(utf8Encode(all))).toBe(all);
      }
    }
  });

  it('stays failed after a read past the end', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3));
    expect(reader.int32()).toBe(0);
    expect([reader.failed, reader.uint8(), reader.remaining]).toEqual([true, 0, 0]);
    expect(reader.view(1)).toHaveLength(0);
  });

  it('refuses negative lengths and ranges outside of the array', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3));
    expect([reader.utf8(-1), reader.failed]).toEqual(['', true]);
    expect(new ByteReader(Uint8Array.of(1), 0, 2).failed).toBe(true);
  });
});

describe('UTF-8', () => {
  it('encodes and decodes as the platform does, lone surrogates too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect([...utf8Encode(text)]).toEqual([...new TextEncoder().encode(text)]);
        expect(utf8Length(text)).toBe(utf8Encode(text).length);
        const platform = new TextDecoder('utf-8', { ignoreBOM: true });
        expect(utf8Decode(utf8Encode(text))).toBe(platform.decode(utf8Encode(text)));
      }),
    );
    expect([...utf8Encode('\ud800x')]).toEqual([0xef, 0xbf, 0xbd, 0x78]);
    expect(utf8Length('\ud800x')).toBe(4);
  });

  it('decodes hostile bytes as the platform does', () => {
    const lead = fc.constantFrom(0x41, 0x80, 0xc1, 0xc3, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xbf);
    const hostile = fc.array(fc.oneof(lead, fc.integer({ min: 0, max: 255 })), { maxLength: 12 });
    fc.assert(
      fc.property(hostile, (list) => {
        const bytes = Uint8Array.from(list);
        expect(utf8Decode(bytes)).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
        let wellFormed = true;
        try {
          new TextDecoder('utf-8', { fatal: true }).decode(bytes);
        } catch {
          wellFormed = false;
        }
        expect(isUtf8(bytes)).toBe(wellFormed);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('bytesEqual and concatBytes', () => {
  it('join and compare', () => {
    const joined = concatBytes([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)]);
    expect(bytesEqual(joined, Uint8Array.of(1, 2, 3))).toBe(true);
    expect(bytesEqual(joined, Uint8Array.of(1, 2, 4))).toBe(false);
    expect(bytesEqual(joined, Uint8Array.of(1, 2))).toBe(false);
  });
});
