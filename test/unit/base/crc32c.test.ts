import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.ts';
import { crc32c, crc32cCombine, crc32cShift } from '../../../src/base/crc32c.ts';

function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const someBytes = fc.uint8Array({ maxLength: 200 });

describe('crc32c', () => {
  it('gives the known vectors', () => {
    expect(crc32c(utf8Encode(''))).toBe(0);
    expect(crc32c(utf8Encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(utf8Encode('a'.repeat(100)))).toBe(0x5ea3ad99);
  });

  it('equals the definition at every length and start', () => {
    fc.assert(
      fc.property(someBytes, fc.nat(20), (bytes, start) => {
        const from = Math.min(start, bytes.length);
        expect(crc32c(bytes, from)).toBe(bitByBit(bytes.subarray(from)));
      }),
    );
  });

  it('goes on from a seed, and combines', () => {
    fc.assert(
      fc.property(someBytes, someBytes, (a, b) => {
        const whole = bitByBit(Uint8Array.of(...a, ...b));
        expect(crc32c(b, 0, b.length, crc32c(a))).toBe(whole);
        expect(crc32cCombine(crc32c(a), crc32c(b), b.length)).toBe(whole);
      }),
    );
  });

  it('shifts by zero bytes to itself', () => {
    expect(crc32cShift(0xdeadbeef, 0)).toBe(0xdeadbeef);
  });
});
