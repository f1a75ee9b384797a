import type { ApiSchema } from './api-schema.ts';

/** v1: flexible, directory ids (KIP-853). The topic id is ours (V6). */
export const beginQuorumEpochSchema: ApiSchema = {
  key: 53,
  name: 'BeginQuorumEpoch',
  versions: '0-1',
  flexibleFrom: 1,
  request: [
    'clusterId ?string',
    'voterId int32 1+ default=-1',
    'topics []Topic',
    [
      'topicName string',
      'topicId uuid 1+ tag=10000',
      'partitions []Partition',
      ['partitionIndex int32', 'voterDirectoryId uuid 1+', 'leaderId int32', 'leaderEpoch int32'],
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
