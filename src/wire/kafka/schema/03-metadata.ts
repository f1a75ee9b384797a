import type { ApiSchema } from './api-schema.ts';

/** v1: null topics = all; v7: leader epochs; v9: flexible; v10: topic ids; v12: topics by id. */
export const metadataSchema: ApiSchema = {
  key: 3,
  name: 'Metadata',
  versions: '0-12',
  flexibleFrom: 9,
  request: [
    'topics []Topic null=1+',
    ['topicId uuid 10+', 'name string null=10+'],
    'allowAutoTopicCreation boolean 4+ default=true',
    'includeClusterAuthorizedOperations boolean 8-10',
    'includeTopicAuthorizedOperations boolean 8+',
  ],
  response: [
    'throttleTimeMs int32 3+',
    'brokers []Broker',
    ['nodeId int32', 'host string', 'port int32', 'rack ?string 1+'],
    'clusterId ?string 2+',
    'controllerId int32 1+ default=-1',
    'topics []Topic',
    [
      'errorCode int16',
      'name string null=12+',
      'topicId uuid 10+',
      'isInternal boolean 1+',
      'partitions []Partition',
      [
        'errorCode int16',
        'partitionIndex int32',
        'leaderId int32',
        'leaderEpoch int32 7+ default=-1',
        'replicaNodes []int32',
        'isrNodes []int32',
        'offlineReplicas []int32 5+',
      ],
      'topicAuthorizedOperations int32 8+ default=-2147483648',
    ],
    'clusterAuthorizedOperations int32 8-10 default=-2147483648',
  ],
};
