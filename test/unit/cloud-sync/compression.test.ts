import { expect, test } from 'vitest';
import { nodeCompression } from '../../../cloud-sync/compression.ts';

const bytes = new Uint8Array(10_000).fill(7);

test('gzip shrinks and comes back whole', () => {
  const packed = nodeCompression.compress('gzip', bytes);
  expect(packed.length).toBeLessThan(200);
  const back = nodeCompression.decompress('gzip', packed, 10_000);
  expect(back).toEqual(bytes);
  expect(back?.constructor).toBe(Uint8Array);
  expect(packed.constructor).toBe(Uint8Array);
});

test('bytes that are damaged, too large or of another codec give nothing', () => {
  const packed = nodeCompression.compress('gzip', bytes);
  expect(nodeCompression.decompress('gzip', packed, 9_999)).toBeUndefined();
  expect(nodeCompression.decompress('gzip', packed.subarray(5), 10_000)).toBeUndefined();
  expect(nodeCompression.decompress('none', bytes, 9_999)).toBeUndefined();
  expect(nodeCompression.decompress('zstd', bytes, 10_000)).toBeUndefined();
  expect(nodeCompression.supports('snappy')).toBe(false);
});
