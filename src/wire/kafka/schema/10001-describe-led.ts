import type { ApiSchema } from './api-schema.ts';

/** Ours alone: what a node leads, and who keeps up there; only the leader knows (C4). */
export const describeLedSchema: ApiSchema = {
  key: 10001,
  name: 'DescribeLed',
  versions: '0-0',
  flexibleFrom: 0,
  request: ['nodeId int32'],
  response: [
    'nodeId int32',
    'partitions []Partition',
    [
      'topic string',
      'topicId uuid',
      'partition int32',
      'leaderEpoch int32',
      'logStartOffset int64',
      'logEndOffset int64',
      'highWatermark int64',
      'isAtRisk boolean',
      'replicas []int32',
      'inSync []int32',
      'followers []Follower',
      [
        'nodeId int32',
        'role string',
        'isInSync boolean',
        'persistedOffset int64',
        'lag int64',
        'silentMs int64 default=-1',
      ],
    ],
  ],
};
