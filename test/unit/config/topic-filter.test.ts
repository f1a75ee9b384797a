import { expect, it } from 'vitest';

import { topicFilterProblem } from '../../../src/config/topic-filter.ts';

it.each(['#', '+', 'a', '/', 'a/b', 'a/+/c', 'a/#', '+/+/#', '$SYS/#', 'a//b'])(
  'takes %s',
  (filter) => {
    expect(topicFilterProblem(filter)).toBeUndefined();
  },
);

it.each([
  ['', 'is empty'],
  ['a\u0000', 'contains the character U+0000'],
  ['a#', 'has a "#" that does not fill its level'],
  ['#/a', 'has a "#" before its last level'],
  ['a+/b', 'has a "+" that does not fill its level'],
  ['a/'.repeat(32), 'has more than 32 levels'],
  ['x'.repeat(65535), 'is too long'],
])('refuses %j', (filter, text) => {
  expect(topicFilterProblem(filter)).toBe(text);
});
