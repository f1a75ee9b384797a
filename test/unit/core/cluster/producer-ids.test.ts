import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/base/limits.ts';
import { ProducerIds } from '../../../../src/core/cluster/producer-ids.ts';

const newIds = () => {
  const asked: (() => void)[] = [];
  const ids = new ProducerIds((taken) => {
    const first = 1 + asked.length * limits.producerIdBlockSize;
    asked.push(() => taken(first));
  });
  return { asked, ids };
};

describe('ProducerIds (P4)', () => {
  it('hands out nothing until the taking of a block is committed', () => {
    const { asked, ids } = newIds();
    expect(ids.allocate()).toBeUndefined();
    expect(asked).toHaveLength(1);
    asked[0]?.();
    expect(ids.allocate()).toBe(1n);
  });

  it('never hands out one id twice, and takes the next block ahead', () => {
    const { asked, ids } = newIds();
    ids.refill(() => undefined);
    asked[0]?.();
    let taken = 1;
    const seen = new Set<bigint>();
    for (let i = 0; i < 3 * limits.producerIdBlockSize; i++) {
      const id = ids.allocate();
      if (id === undefined) throw new Error('ran dry');
      expect(seen.has(id)).toBe(false);
      seen.add(id);
      while (taken < asked.length) asked[taken++]?.();
    }
  });
});
