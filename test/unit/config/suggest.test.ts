import { describe, expect, it } from 'vitest';

import { editDistance, suggest } from '../../../src/config/suggest.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', '', 3],
    ['listen', 'lisen', 1],
    ['listen', 'lsiten', 1],
    ['kitten', 'sitting', 3],
  ])('%s, %s: %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('suggest', () => {
  it.each([
    ['lisen', 'listen'],
    ['LISTEN', 'listen'],
    ['engines', 'engine'],
    ['xyz', undefined],
    ['', undefined],
  ])('%s: %s', (word, meant) => {
    expect(suggest(word, ['listen', 'engine'])).toBe(meant);
  });
});
