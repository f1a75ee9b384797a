import type { FetchRequest, FetchRequestPartition } from '../../wire/kafka/generated/01-fetch.ts';

/** What to fetch of one partition. */
export interface FetchWant {
  readonly topic: string;
  readonly partition: number;
  /** -1: not fenced. */
  readonly leaderEpoch: number;
  readonly offset: number;
  readonly bytesMax: number;
}

/**
 * A consumer's Fetch, read_uncommitted and without a fetch session. The first batch comes whole
 * even where it is larger than the limits (KIP-74).
 */
export const fetchRequest = (
  wants: readonly FetchWant[],
  { maxWaitMs, bytesMax }: { readonly maxWaitMs: number; readonly bytesMax: number },
): FetchRequest => ({
  clusterId: null,
  replicaId: -1,
  maxWaitMs,
  minBytes: 1,
  maxBytes: bytesMax,
  isolationLevel: 0,
  sessionId: 0,
  sessionEpoch: -1,
  topics: byTopic(wants),
  forgottenTopicsData: [],
  rackId: '',
});

function byTopic(wants: readonly FetchWant[]): FetchRequest['topics'] {
  const topics = new Map<string, FetchRequestPartition[]>();
  for (const want of wants) {
    const partitions = topics.get(want.topic) ?? [];
    topics.set(want.topic, partitions);
    partitions.push({
      partition: want.partition,
      currentLeaderEpoch: want.leaderEpoch,
      fetchOffset: want.offset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: want.bytesMax,
    });
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
