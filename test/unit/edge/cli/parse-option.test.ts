import { expect, it } from 'vitest';

import { parseOption } from '../../../../edge/cli/parse-option.ts';

it.each([
  ['10s', 990_000],
  ['5m', 700_000],
  ['5m ago', 700_000],
  ['1970-01-01T00:00:05Z', 5_000],
  ['1970-01-02', 86_400_000],
])('the time %s', (text, timestampMs) => {
  expect(parseOption.pastTime(1_000_000)(text)).toBe(timestampMs);
});

it.each(['', '10', '10y', 'now', '2026-13-99', '-5m'])('refuses the time %j', (text) => {
  expect(() => parseOption.pastTime(0)(text)).toThrow('Expected a time');
});

it.each(['', '-1', '1.5', '1e3', 'x', '9'.repeat(16)])('refuses the number %j', (text) => {
  expect(() => parseOption.wholeNumber(text)).toThrow('whole number');
});
