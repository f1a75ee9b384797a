import type { ErrorCode } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';
import type { BrokerView, PartitionView } from './broker-view.ts';

/** Which partition, and the leader epoch that the client believes in; -1: it does not say. */
export interface PartitionRequest {
  readonly topic: string;
  readonly partition: number;
  readonly currentLeaderEpoch: number;
}

/** The partition if this node leads it in the epoch that the client asks with (KIP-320). */
export function leaderPartition(
  view: BrokerView,
  { topic, partition, currentLeaderEpoch }: PartitionRequest,
): Result<PartitionView, ErrorCode> {
  const found = view.partition(topic, partition);
  if (found === undefined) {
    const isElsewhere = partition >= 0 && partition < (view.topic(topic)?.partitions ?? 0);
    return fail(isElsewhere ? 'NOT_LEADER_OR_FOLLOWER' : 'UNKNOWN_TOPIC_OR_PARTITION');
  }
  if (currentLeaderEpoch >= 0 && currentLeaderEpoch < found.leaderEpoch) {
    return fail('FENCED_LEADER_EPOCH');
  }
  if (currentLeaderEpoch > found.leaderEpoch) return fail('UNKNOWN_LEADER_EPOCH');
  return found.isLeader ? ok(found) : fail('NOT_LEADER_OR_FOLLOWER');
}
