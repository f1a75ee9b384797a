import type { ApiSchema } from './api-schema.ts';

/** v3: replica id; v4: flexible. */
export const offsetForLeaderEpochSchema: ApiSchema = {
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: '2-4',
  flexibleFrom: 4,
  request: [
    'replicaId int32 3+ default=-2',
    'topics []Topic',
    [
      'topic string',
      'partitions []Partition',
      ['partition int32', 'currentLeaderEpoch int32', 'leaderEpoch int32'],
    ],
  ],
  response: [
    'throttleTimeMs int32',
    'topics []Topic',
    [
      'topic string',
      'partitions []Partition',
      ['errorCode int16', 'partition int32', 'leaderEpoch int32', 'endOffset int64'],
    ],
  ],
};
