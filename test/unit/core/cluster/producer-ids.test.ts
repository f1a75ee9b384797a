import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/base/limits.ts';
import { ProducerIds } from '../../../../src/core/cluster/producer-ids.ts';

const newIds = (first = 1) => {
  const asked: { from: number; taken: () => void }[] = [];
  const ids = new ProducerIds(first, (from, taken) => asked.push({ from, taken }));
  return { asked, ids };
};

describe('ProducerIds (P4)', () => {
  it('hands out nothing until the taking of a block is committed', () => {
    const { asked, ids } = newIds();
    expect(ids.allocate()).toBeUndefined();
    expect(asked.map(({ from }) => from)).toEqual([1]);
    asked[0]?.taken();
    expect(ids.allocate()).toBe(2n); // 1 is the ingest producer of this start
  });

  it('never hands out one id twice, and takes the next block ahead', () => {
    const { asked, ids } = newIds();
    ids.refill();
    asked[0]?.taken();
    const seen = new Set<bigint>();
    for (let i = 0; i < 3 * limits.producerIdBlockSize; i++) {
      const id = ids.allocate();
      if (id === undefined) throw new Error('ran dry');
      expect(seen.has(id)).toBe(false);
      seen.add(id);
      asked.splice(1).forEach(({ taken }) => taken());
    }
  });
});
