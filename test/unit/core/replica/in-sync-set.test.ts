import { describe, expect, it } from 'vitest';
import { monotonicMs, offset } from '../../../../src/base/brand.ts';
import { InSyncMember } from '../../../../src/core/replica/in-sync-set.ts';

const at = monotonicMs;
const bar = { highWatermark: offset(10), epochStartOffset: offset(10), offeredOffset: offset(0) };

describe('InSyncMember (C4)', () => {
  it('falls out when it did not keep up for the lag time, not before', () => {
    const member = new InSyncMember(true, at(100));
    expect(member.expire(at(1_099), 1_000)).toBe(false);
    member.caughtUp(at(500));
    expect(member.expire(at(1_499), 1_000)).toBe(false);
    expect(member.expire(at(1_500), 1_000)).toBe(true);
    expect(member.isIn).toBe(false);
  });

  it('is out by the very deadline that it names, also where a difference would round', () => {
    const member = new InSyncMember(true, at(123.456));
    const due = member.dueAt(1_000) ?? 0;
    expect(member.expire(at(due), 1_000)).toBe(true);
    expect(member.dueAt(1_000)).toBeUndefined();
  });

  it.each([
    ['the high watermark', { ...bar, highWatermark: offset(20) }, 19, 20],
    ['the start of this epoch', bar, 10, 11],
    ['what a witness was offered', { ...bar, offeredOffset: offset(30) }, 29, 30],
  ])('enters only when it has persisted %s', (_what, wanted, tooFew, enough) => {
    const member = new InSyncMember(false, at(0));
    expect(member.enter(at(1), offset(tooFew), wanted)).toBe(false);
    expect(member.enter(at(1), offset(enough), wanted)).toBe(true);
  });

  it('waits 10 s and then longer when it flaps, and not when it left long ago', () => {
    const member = new InSyncMember(true, at(0));
    const enter = (ms: number) => member.enter(at(ms), offset(100), bar);
    member.leave(at(1_000));
    expect(enter(1_001)).toBe(true);
    member.leave(at(2_000));
    expect(enter(11_999)).toBe(false);
    expect(enter(12_000)).toBe(true);
    member.leave(at(13_000));
    expect(enter(32_999)).toBe(false);
    expect(enter(33_000)).toBe(true);
    member.leave(at(93_000));
    expect(enter(93_001)).toBe(true);
  });
});
