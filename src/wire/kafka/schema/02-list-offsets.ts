import type { ApiSchema } from './api-schema.ts';

/** v4: leader epochs; v6: flexible; v7: timestamp -3 asks for the newest record. */
export const listOffsetsSchema: ApiSchema = {
  key: 2,
  name: 'ListOffsets',
  versions: '1-7',
  flexibleFrom: 6,
  request: [
    'replicaId int32',
    'isolationLevel int8 2+',
    'topics []Topic',
    [
      'name string',
      'partitions []Partition',
      ['partitionIndex int32', 'currentLeaderEpoch int32 4+ default=-1', 'timestamp int64'],
    ],
  ],
  response: [
    'throttleTimeMs int32 2+',
    'topics []Topic',
    [
      'name string',
      'partitions []Partition',
      [
        'partitionIndex int32',
        'errorCode int16',
        'timestamp int64',
        'offset int64',
        'leaderEpoch int32 4+ default=-1',
      ],
    ],
  ],
};
