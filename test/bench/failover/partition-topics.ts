import { partitionOf } from '../../../src/base/murmur2.ts';

/** For each partition an MQTT topic whose key lies there, by Kafka's partitioner. */
export const partitionTopics = (partitions: number): readonly string[] => {
  const topics: (string | undefined)[] = Array.from({ length: partitions });
  for (let number = 0, left = partitions; left > 0; number++) {
    const topic = `probe/${number}`;
    const partition = partitionOf(Buffer.from(topic), partitions);
    if (topics[partition] !== undefined) continue;
    topics[partition] = topic;
    left -= 1;
  }
  return topics.map((topic) => topic ?? '');
};
