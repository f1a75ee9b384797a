import type { Uuid } from '../../base/brand.ts';

/** One topic of a request that carries several partitions (T3). */
export interface OfTopic<T> {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partitions: T[];
}

/** Gathers what belongs to partitions by their topics, as Kafka's requests have it. */
export function byTopic<From extends { readonly topic: string; readonly topicId: Uuid }, T>(
  items: Iterable<From>,
  partitionOf: (item: From) => T,
): OfTopic<T>[] {
  const topics = new Map<Uuid, OfTopic<T>>();
  for (const item of items) {
    const { topic, topicId } = item;
    let of = topics.get(topicId);
    if (of === undefined) topics.set(topicId, (of = { topic, topicId, partitions: [] }));
    of.partitions.push(partitionOf(item));
  }
  return [...topics.values()];
}

/** A partition's name within one node. */
export const partitionKey = (topicId: Uuid, partition: number): string => `${topicId}:${partition}`;
