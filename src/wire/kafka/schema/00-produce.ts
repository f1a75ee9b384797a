import type { ApiSchema } from './api-schema.ts';

/** v9: flexible; v10: new leader as tagged fields. */
export const produceSchema: ApiSchema = {
  key: 0,
  name: 'Produce',
  versions: '3-11',
  flexibleFrom: 9,
  request: [
    'transactionalId ?string',
    'acks int16',
    'timeoutMs int32',
    'topicData []Topic',
    ['name string', 'partitionData []Partition', ['index int32', 'records ?bytes']],
  ],
  response: [
    'responses []Topic',
    [
      'name string',
      'partitionResponses []Partition',
      [
        'index int32',
        'errorCode int16',
        'baseOffset int64',
        'logAppendTimeMs int64',
        'logStartOffset int64 5+ default=-1',
        'recordErrors []RecordError 8+',
        ['batchIndex int32', 'batchIndexErrorMessage ?string'],
        'errorMessage ?string 8+',
        'currentLeader ?Leader 10+ tag=0',
        ['leaderId int32', 'leaderEpoch int32'],
      ],
    ],
    'throttleTimeMs int32',
    'nodeEndpoints []NodeEndpoint 10+ tag=0',
    ['nodeId int32', 'host string', 'port int32', 'rack ?string'],
  ],
};
