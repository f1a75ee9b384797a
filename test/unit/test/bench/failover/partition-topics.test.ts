import { expect, it } from 'vitest';
import { partitionOf } from '../../../../../src/base/murmur2.ts';
import { partitionTopics } from '../../../../bench/failover/partition-topics.ts';

it.each([1, 4, 64])('a topic for each of %d partitions', (partitions) => {
  const topics = partitionTopics(partitions);
  expect(topics.map((topic) => partitionOf(Buffer.from(topic), partitions))).toEqual(
    Array.from({ length: partitions }, (_, partition) => partition),
  );
});
