import { expect, it } from 'vitest';
import { logId } from '../../../../src/base/brand.ts';
import { limits } from '../../../../src/base/limits.ts';
import { WaitingBytes } from '../../../../src/core/peer/waiting-bytes.ts';

const max = limits.fetchedBytesMax;

it('has room up to the bound, all logs together, and again at half of it', () => {
  const waiting = new WaitingBytes();
  expect(waiting.note(logId(0), max - 1)).toBe(false);
  expect(waiting.note(logId(1), 1)).toBe(false);
  expect(waiting.hasRoom).toBe(true);
  expect(waiting.note(logId(1), 2)).toBe(true);
  expect(waiting.hasRoom).toBe(false);
  expect(waiting.note(logId(0), max / 2 - 1)).toBe(false);
  expect(waiting.hasRoom).toBe(false);
  expect(waiting.note(logId(0), max / 2 - 2)).toBe(true);
  expect(waiting.hasRoom).toBe(true);
  expect(waiting.note(logId(0), 0)).toBe(false);
  expect(waiting.note(logId(1), 0)).toBe(false);
});
