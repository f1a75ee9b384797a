import type { ApiSchema } from './api-schema.ts';

/** v1: directory ids; v2: votes that bind nobody (KIP-996). The topic id is ours (V6). */
export const voteSchema: ApiSchema = {
  key: 52,
  name: 'Vote',
  versions: '0-2',
  flexibleFrom: 0,
  request: [
    'clusterId ?string',
    'voterId int32 1+ default=-1',
    'topics []Topic',
    [
      'topicName string',
      'topicId uuid tag=10000',
      'partitions []Partition',
      [
        'partitionIndex int32',
        'replicaEpoch int32',
        'replicaId int32',
        'replicaDirectoryId uuid 1+',
        'voterDirectoryId uuid 1+',
        'lastOffsetEpoch int32',
        'lastOffset int64',
        'preVote boolean 2+',
      ],
    ],
  ],
  response: [
    'errorCode int16',
    'topics []Topic',
    [
      'topicName string',
      'topicId uuid tag=10000',
      'partitions []Partition',
      [
        'partitionIndex int32',
        'errorCode int16',
        'leaderId int32',
        'leaderEpoch int32',
        'voteGranted boolean',
      ],
    ],
    'nodeEndpoints []NodeEndpoint 1+ tag=0',
    ['nodeId int32', 'host string', 'port uint16'],
  ],
};
