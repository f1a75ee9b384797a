import { type TopicValue, unplaced } from '../../wire/state/state-codec.ts';
import type { Partition } from '../partition.ts';
import { clusterTopicName, type ClusterState } from './cluster-state.ts';

/**
 * Topics that `__cluster` does not know and that have logs on this disk. A folder is made only for
 * a committed topic (C7), so rot has taken its record, and its logs still tell what it was: name,
 * id and number of partitions are those of the folders, or a seed would make the topic anew under
 * another id and its records would be set aside (V6). What the config does not say of them is what
 * deletes nothing. Where folders of one name differ, the id that most of them have counts.
 */
export function lostTopics(
  partitions: Iterable<Partition>,
  cluster: ClusterState,
  seeds: readonly Omit<TopicValue, 'topicId' | 'internal' | keyof typeof unplaced>[],
): readonly TopicValue[] {
  const folders = new Map<string, Partition[]>();
  for (const partition of partitions) {
    const { topic } = partition;
    if (topic === clusterTopicName || cluster.topic(topic) !== undefined) continue;
    folders.set(topic, [...(folders.get(topic) ?? []), partition]);
  }
  return [...folders].map(([name, found]): TopicValue => {
    const seed = seeds.find((one) => one.name === name);
    return {
      ...unplaced,
      name,
      topicId: mostFrequent(found.map(({ topicId }) => topicId)),
      partitions: Math.max(...found.map(({ partition }) => partition)) + 1,
      keepUnforwarded: seed?.keepUnforwarded ?? true,
      retentionMs: seed?.retentionMs ?? -1,
      retentionBytes: seed?.retentionBytes ?? -1,
      internal: name.startsWith('__'),
    };
  });
}

function mostFrequent(ids: readonly string[]): string {
  const countOf = (id: string): number => ids.filter((one) => one === id).length;
  return ids.reduce((best, id) => (countOf(id) > countOf(best) ? id : best));
}
