import { expect, it } from 'vitest';

import { isInternalTopicName, isLegalTopicName } from '../../../src/base/topic-name.ts';

it("follows Kafka's rule", () => {
  const legal = ['a', 'A.b_c-9', '...', '__cluster', 'x'.repeat(249)];
  expect(legal.filter((name) => !isLegalTopicName(name))).toEqual([]);
  const illegal = ['', '.', '..', 'a/b', 'a b', 'ä', '#', '+', 'a\n', 'x'.repeat(250)];
  expect(illegal.filter(isLegalTopicName)).toEqual([]);
});

it('knows internal topics', () => {
  expect(['__cluster', '__x'].every(isInternalTopicName)).toBe(true);
  expect(['_x', 'a__b', ''].some(isInternalTopicName)).toBe(false);
});
