import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../../src/base/bytes.ts';
import { unsignedVarintSize, varintSize, varlongSize } from '../../../src/base/varint.ts';

/** The definition, in big integers. */
function zigZagBytes(value: bigint): readonly number[] {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

const safe = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.integer({ min: -200, max: 200 }),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 31, -(2 ** 31) - 1),
);

describe('varint', () => {
  it('writes varlongs by definition and reads them back', () => {
    fc.assert(
      fc.property(safe, (value) => {
        const writer = new ByteWriter();
        writer.varlong(value);
        expect([...writer.view()]).toEqual(zigZagBytes(BigInt(value)));
        expect(varlongSize(value)).toBe(writer.position);
        const reader = new ByteReader(writer.view());
        expect(reader.varlong()).toBe(value);
        expect([reader.failed, reader.remaining]).toEqual([false, 0]);
      }),
      { numRuns: 500 },
    );
  });

  it('writes varints and unsigned varints and reads them back', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(0xffffffff), (signed, unsigned) => {
        const writer = new ByteWriter(1);
        writer.varint(signed);
        expect([...writer.view()]).toEqual(zigZagBytes(BigInt(signed)));
        expect(varintSize(signed)).toBe(writer.position);
        writer.unsignedVarint(unsigned);
        expect(writer.position - varintSize(signed)).toBe(unsignedVarintSize(unsigned));
        const reader = new ByteReader(writer.view());
        expect([reader.varint(), reader.unsignedVarint()]).toEqual([signed, unsigned]);
      }),
    );
  });

  it.each([
    ['cut off', [0x80]],
    ['empty', []],
    ['too long', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['past 32 bits', [0xff, 0xff, 0xff, 0xff, 0x10]],
  ])('refuses an unsigned varint that is %s', (_name, bytes) => {
    const reader = new ByteReader(Uint8Array.from(bytes));
    expect([reader.unsignedVarint(), reader.failed]).toEqual([0, true]);
  });

  it.each([
    ['past 2^53', zigZagBytes(2n ** 53n)],
    ['below -2^53', zigZagBytes(-(2n ** 53n))],
    ['the smallest', zigZagBytes(-(2n ** 63n))],
    ['too long', [...new Array<number>(10).fill(0x80), 1]],
    ['cut off', [0xff, 0xff, 0xff, 0xff, 0xff]],
  ])('refuses a varlong that is %s', (_name, bytes) => {
    const reader = new ByteReader(Uint8Array.from(bytes));
    expect([reader.varlong(), reader.failed]).toEqual([0, true]);
  });
});
