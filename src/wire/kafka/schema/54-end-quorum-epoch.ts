import type { ApiSchema } from './api-schema.ts';

/** v1: flexible, successors with their directory ids (KIP-853). The topic id is ours (V6). */
export const endQuorumEpochSchema: ApiSchema = {
  key: 54,
  name: 'EndQuorumEpoch',
  versions: '0-1',
  flexibleFrom: 1,
  request: [
    'clusterId ?string',
    'topics []Topic',
    [
      'topicName string',
      'topicId uuid 1+ tag=10000',
      'partitions []Partition',
      [
        'partitionIndex int32',
        'leaderId int32',
        'leaderEpoch int32',
        'preferredSuccessors []int32 0-0',
        'preferredCandidates []Candidate 1+',
        ['candidateId int32', 'candidateDirectoryId uuid'],
      ],
    ],
    'leaderEndpoints []LeaderEndpoint 1+',
    ['name string', 'host string', 'port uint16'],
  ],
  response: [
    'errorCode int16',
    'topics []Topic',
    [
      'topicName string',
      'topicId uuid 1+ tag=10000',
      'partitions []Partition',
      ['partitionIndex int32', 'errorCode int16', 'leaderId int32', 'leaderEpoch int32'],
    ],
    'nodeEndpoints []NodeEndpoint 1+ tag=0',
    ['nodeId int32', 'host string', 'port uint16'],
  ],
};
