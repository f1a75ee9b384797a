import type { LeaderEpoch, Offset } from '../../base/brand.ts';
import type { CentralPlaces } from './central-topics.ts';
import type { BatchIdentity, ForwardMark, ForwardPartition } from './supervision.ts';

/** Where a partition stands at central after a claim or a transaction. */
export interface Standing {
  readonly places: CentralPlaces;
  forwardOffset: Offset;
  lastForwarded: BatchIdentity | undefined;
  decisionId: string;
}

/** The same, as the node keeps it (X4). */
export function markOf(
  { places, forwardOffset, lastForwarded }: Omit<Standing, 'decisionId'>,
  { topicId, partition }: Pick<ForwardPartition, 'topicId' | 'partition'>,
  leaderEpoch: LeaderEpoch,
): ForwardMark {
  return {
    ...{ topicId, partition, centralClusterId: places.clusterId, leaderEpoch, forwardOffset },
    ...(lastForwarded === undefined ? {} : { lastForwarded }),
  };
}
