import { describe, expect, it } from 'vitest';
import { offset } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { TailCache } from '../../../src/log/tail-cache.ts';

const range = (from: number, to: number, bytesMax = 1_000) => ({
  ...{ from: offset(from), to: offset(to), bytesMax },
});

/** Batches of ten records each, the first at offset 0. */
const filled = (...batches: readonly Uint8Array[]): TailCache => {
  const cache = new TailCache();
  for (const [index, batch] of batches.entries()) {
    cache.push(batch, offset(index * 10), offset(index * 10 + 9));
  }
  return cache;
};

describe('TailCache', () => {
  it('joins the batches of a range, and copies none that is alone', () => {
    const [first, second] = [new Uint8Array([1, 2]), new Uint8Array([3])];
    const cache = filled(first, second);
    expect(cache.read(range(0, 20))).toEqual(new Uint8Array([1, 2, 3]));
    expect(cache.read(range(5, 10))).toBe(first);
    expect(cache.read(range(10, 20))).toBe(second);
    expect(cache.read(range(0, 20, 2))).toBe(first);
  });

  it('gives nothing above the range, and does not know what is not there', () => {
    const cache = filled(new Uint8Array([1]), new Uint8Array([2]));
    expect(cache.read(range(10, 15))).toEqual(new Uint8Array(0));
    expect(cache.read(range(20, 30))).toBeUndefined();
    cache.clear();
    expect(cache.read(range(0, 20))).toBeUndefined();
  });

  it('forgets the oldest batches above its bound', () => {
    const half = limits.tailCacheBytesMax / 2;
    const cache = filled(new Uint8Array(half), new Uint8Array(half));
    expect(cache.read(range(0, 10))).toHaveLength(half);
    cache.push(new Uint8Array(1), offset(20), offset(29));
    expect(cache.read(range(0, 10))).toBeUndefined();
    expect(cache.read(range(10, 20))).toHaveLength(half);
  });
});
