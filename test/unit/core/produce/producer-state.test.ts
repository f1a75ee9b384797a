import { describe, expect, it } from 'vitest';
import { monotonicMs, offset, timestampMs } from '../../../../src/base/brand.ts';
import { limits } from '../../../../src/base/limits.ts';
import { ProducerState } from '../../../../src/core/produce/producer-state.ts';

const batch = (baseSequence: number, count: number, producerEpoch = 0, producerId = 7n) => ({
  producerId,
  producerEpoch,
  baseSequence,
  lastSequence: baseSequence + count - 1,
  baseOffset: offset(100 + baseSequence),
  lastOffset: offset(100 + baseSequence + count - 1),
  timestamp: timestampMs(1_000),
});

const stateWith = (...batches: ReturnType<typeof batch>[]) => {
  const state = new ProducerState();
  for (const b of batches) state.appended(b);
  return state;
};

describe('ProducerState (KIP-98)', () => {
  it('takes any first sequence of an unknown producer (KIP-360)', () => {
    expect(new ProducerState().check(batch(40, 2)).type).toBe('append');
  });

  it('takes the next sequence and refuses a gap with 45', () => {
    const state = stateWith(batch(0, 3));
    expect(state.check(batch(3, 1)).type).toBe('append');
    expect(state.check(batch(4, 1))).toEqual({
      type: 'error',
      error: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    });
  });

  it('finds a duplicate among the newest five, with its old offset (P2)', () => {
    const state = stateWith(...[0, 1, 2, 3, 4, 5].map((s) => batch(s, 1)));
    expect(state.check(batch(1, 1))).toMatchObject({ type: 'duplicate', baseOffset: 101 });
  });

  it('answers an older one as forgotten duplicate, never as success with a wrong offset (P5)', () => {
    const state = stateWith(...[0, 1, 2, 3, 4, 5].map((s) => batch(s, 1)));
    expect(state.check(batch(0, 1)).type).toBe('forgottenDuplicate');
  });

  it('behind a hole answers 45 below the first sequence seen there (L6)', () => {
    const state = ProducerState.recover([], [batch(10, 1), batch(11, 1)]);
    expect(state.check(batch(9, 1))).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
    expect(state.check(batch(10, 1)).type).toBe('duplicate');
  });

  it('answers 45 there after another start too (L6)', () => {
    const first = ProducerState.recover([], [batch(10, 1), batch(11, 1)]);
    const second = ProducerState.recover(
      first.entries(),
      [12, 13, 14, 15].map((s) => batch(s, 1)),
    );
    expect(second.check(batch(9, 1))).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
    expect(second.check(batch(10, 1)).type).toBe('forgottenDuplicate');
  });

  it('fences an older producer epoch, and starts a newer one at 0', () => {
    const state = stateWith(batch(0, 1, 2));
    expect(state.check(batch(1, 1, 1))).toMatchObject({ error: 'INVALID_PRODUCER_EPOCH' });
    expect(state.check(batch(0, 1, 3)).type).toBe('append');
    expect(state.check(batch(1, 1, 3))).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
  });

  it('wraps sequences behind 2^31 - 1', () => {
    const last = { ...batch(0, 1), baseSequence: 0x7fffffff, lastSequence: 0x7fffffff };
    expect(stateWith(last).check(batch(0, 1)).type).toBe('append');
  });

  it('tells a gap from a repetition across the wrap', () => {
    const max = 0x7fffffff;
    const before = { ...batch(0, 1), baseSequence: max - 3, lastSequence: max - 3 };
    expect(stateWith(before).check(batch(2, 1))).toMatchObject({
      error: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    });
    const wrapped = stateWith(...[max - 9, max - 4, 0, 1, 2, 3, 4].map((s) => batch(s, 1)));
    expect(wrapped.check(batch(max - 9, 1)).type).toBe('forgottenDuplicate');
  });

  it('never takes a sequence below the first one seen for stored (KIP-360)', () => {
    // Batch 0 was refused while the disk was full, batch 1 was right behind it.
    const state = stateWith(batch(1, 1), batch(2, 1));
    expect(state.check(batch(0, 1))).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
    const restarted = ProducerState.recover(state.entries(), []);
    expect(restarted.check(batch(0, 1))).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
  });

  it('forgets its first sequence long before the sequences come round again', () => {
    const state = stateWith(...[0, 2 ** 29, 2 ** 30, 2 ** 30 + 9].map((s) => batch(s, 1)));
    for (const s of [11, 13, 15, 17, 19]) state.appended(batch(2 ** 30 + s, 1));
    expect(state.check(batch(2 ** 30 + 1, 1)).type).toBe('forgottenDuplicate');
  });

  it('recovers from snapshot and replay to the same answers', () => {
    const before = stateWith(batch(0, 2), batch(2, 2), batch(4, 1));
    const snapshot = stateWith(batch(0, 2)).entries();
    const after = ProducerState.recover(snapshot, [batch(2, 2), batch(4, 1)]);
    for (const claim of [batch(0, 2), batch(2, 2), batch(4, 1), batch(5, 1), batch(6, 1)]) {
      expect(after.check(claim)).toEqual(before.check(claim));
    }
  });

  it('forgets idle producers, but not those of living sessions', () => {
    const state = stateWith(batch(0, 1, 0, 1n), batch(0, 1, 0, 2n));
    state.expire(monotonicMs(5), (id) => id === 2n);
    state.expire(monotonicMs(5 + limits.producerIdleMs + 1), (id) => id === 2n);
    expect(state.entries().map((entry) => entry.producerId)).toEqual([2n]);
  });

  it('of too many forgets those that were silent for longest, not those that are known for longest', () => {
    const state = stateWith(batch(0, 1, 0, 1n), batch(0, 1, 0, 2n), batch(0, 1, 0, 3n));
    state.expire(monotonicMs(5), () => false);
    const last = limits.producersPerPartitionMax + 2;
    for (let id = 4; id <= last - 2; id++) state.appended(batch(0, 1, 0, BigInt(id)));
    state.expire(monotonicMs(6), () => false);
    expect(state.size).toBe(limits.producersPerPartitionMax);
    for (const id of [last - 1, last]) state.appended(batch(0, 1, 0, BigInt(id)));
    state.appended(batch(1, 1, 0, 1n));
    state.expire(monotonicMs(7), (id) => id === 2n);
    expect(state.size).toBe(limits.producersPerPartitionMax);
    expect([1n, 2n, 3n, 4n].map((id) => state.knows(id))).toEqual([true, true, false, false]);
  });

  it('keeps a producer that was just heard of, however old its records say they are', () => {
    const state = stateWith({ ...batch(0, 1), timestamp: timestampMs(0) });
    state.expire(monotonicMs(2 * limits.producerIdleMs), () => false);
    expect(state.check(batch(0, 1)).type).toBe('duplicate');
    state.appended({ ...batch(1, 1), timestamp: timestampMs(0) });
    state.expire(monotonicMs(4 * limits.producerIdleMs), () => false);
    expect(state.check(batch(1, 1)).type).toBe('duplicate');
  });
});
