import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime } from '../../../src/base/iso-time.ts';

const byDate = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');

it('writes a timestamp as everybody does', () => {
  for (const ms of [0, -1, 951_782_400_000, 1_709_164_800_000, 1_795_514_400_123]) {
    expect(isoTime(ms)).toBe(byDate(ms));
  }
  const years = { min: Date.UTC(0, 0, 1), max: Date.UTC(9_999, 11, 31) };
  fc.assert(fc.property(fc.integer(years), (ms) => isoTime(ms) === byDate(ms)));
});

it('leaves what is no year of ours a number', () => {
  expect(isoTime(Number.MAX_SAFE_INTEGER)).toBe('9007199254740991');
  expect(isoTime(Number.NaN)).toBe('NaN');
});
