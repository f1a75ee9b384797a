import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offset, timestampMs } from '../../../../src/base/brand.ts';
import {
  decodeProducerSnapshot,
  encodeProducerSnapshot,
} from '../../../../src/wire/kafka/producer-snapshot.ts';

const batch = fc.record({
  baseSequence: fc.nat(),
  lastSequence: fc.nat(),
  baseOffset: fc.nat().map(offset),
  lastOffset: fc.nat().map(offset),
  timestamp: fc.maxSafeInteger().map(timestampMs),
});
const entries = fc.array(
  fc.record({
    producerId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    producerEpoch: fc.nat(32_767),
    sequenceFloor: fc.option(fc.nat(0x7fffffff), { nil: undefined }),
    batches: fc.array(batch, { maxLength: 5 }),
  }),
  { maxLength: 6 },
);

describe('producer snapshot', () => {
  it('brings every entry back', () => {
    fc.assert(
      fc.property(entries, (list) => {
        expect(decodeProducerSnapshot(encodeProducerSnapshot(list))).toEqual({
          ok: true,
          value: list,
        });
      }),
    );
  });

  it('is refused cut off, longer, or with any bit flipped', () => {
    const list =
      fc.sample(entries, { numRuns: 20, seed: 7 }).find(({ length }) => length > 1) ?? [];
    const bytes = encodeProducerSnapshot(list);
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(decodeProducerSnapshot(bytes.subarray(0, cut)).ok).toBe(false);
    }
    expect(decodeProducerSnapshot(Uint8Array.of(...bytes, 0)).ok).toBe(false);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const rotten = bytes.slice();
      rotten[bit >> 3] = (rotten[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodeProducerSnapshot(rotten).ok).toBe(false);
    }
  });
});
