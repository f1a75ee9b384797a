import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.ts';
import { murmur2, partitionOf } from '../../../src/base/murmur2.ts';

const vectors: readonly (readonly [Uint8Array, number])[] = [
  [utf8Encode(''), 275646681],
  [utf8Encode('a'), -1563381124],
  [utf8Encode('ab'), 316155434],
  [utf8Encode('abc'), 479470107],
  [utf8Encode('21'), -973932308],
  [utf8Encode('foobar'), -790332482],
  [utf8Encode('a-little-bit-long-string'), -985981536],
  [utf8Encode('a-little-bit-longer-string'), -1486304829],
  [utf8Encode('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8'), -58897971],
  [Uint8Array.of(255, 128, 0, 1), -1398556208],
];

describe('murmur2', () => {
  it.each(vectors)('hashes as the Java client does: %#', (key, expected) => {
    expect(murmur2(key)).toBe(expected);
  });

  it('hashes a range', () => {
    expect(murmur2(utf8Encode('xxabcyy'), 2, 5)).toBe(479470107);
  });

  it('drops the sign before the modulo', () => {
    expect(partitionOf(utf8Encode('a'), 7)).toBe((-1563381124 & 0x7fffffff) % 7);
  });
});
