import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offset } from '../../../../src/base/brand.ts';
import { committedOffset, type VoterProgress } from '../../../../src/core/replica/quorum.ts';

const voter = (persisted: number, role: 'data' | 'witness' = 'data', isInSync = true) => ({
  persistedOffset: offset(persisted),
  isWitness: role === 'witness',
  isInSync,
});

const committed = (voters: VoterProgress[], minInsyncReplicas = 1, epochStart = 0) =>
  committedOffset({ voters, minInsyncReplicas, epochStartOffset: offset(epochStart) });

describe('the commit rule (C2, C3)', () => {
  it('with one voter is its own fsync', () => {
    expect(committed([voter(7)])).toBe(7);
  });

  it('commits nothing until the LeaderChange of its own epoch is persisted (C2)', () => {
    expect(committed([voter(10)], 1, 10)).toBeUndefined();
    expect(committed([voter(11)], 1, 10)).toBe(11);
  });

  it('needs a majority: the second copy of three', () => {
    expect(committed([voter(9), voter(5), voter(2)], 1)).toBe(5);
  });

  it('needs minInsyncReplicas copies of the bytes; a witness holds none', () => {
    expect(committed([voter(9), voter(4), voter(9, 'witness')], 2)).toBe(4);
    expect(committed([voter(9), voter(9, 'witness')], 2)).toBeUndefined();
  });

  it('with a witness waits for every data voter in sync, and not for one that fell out', () => {
    const witness = voter(9, 'witness');
    expect(committed([voter(9), voter(4), witness])).toBe(4);
    expect(committed([voter(9), voter(4, 'data', false), witness])).toBe(9);
  });

  it('never commits what fewer than a majority persisted', () => {
    const voters = fc.array(
      fc.record({ persisted: fc.nat(20), witness: fc.boolean(), inSync: fc.boolean() }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(voters, (drawn) => {
        const all = drawn.map((d) => voter(d.persisted, d.witness ? 'witness' : 'data', d.inSync));
        const end = committed(all);
        if (end === undefined) return;
        const have = all.filter((v) => v.persistedOffset >= end).length;
        expect(have).toBeGreaterThan(all.length / 2);
      }),
    );
  });
});
