import type { ApiSchema } from './api-schema.ts';

/** Produce as nodes speak it among themselves (P1): Kafka's version 11 and the topic id (V6). */
export const peerProduceSchema: ApiSchema = {
  key: 0,
  name: 'PeerProduce',
  versions: '11-11',
  flexibleFrom: 9,
  request: [
    'transactionalId ?string',
    'acks int16',
    'timeoutMs int32',
    'topicData []Topic',
    [
      'name string',
      'topicId uuid tag=10000',
      'partitionData []Partition',
      ['index int32', 'records ?bytes'],
    ],
  ],
  response: [
    'responses []Topic',
    [
      'name string',
      'topicId uuid tag=10000',
      'partitionResponses []Partition',
      [
        'index int32',
        'errorCode int16',
        'baseOffset int64',
        'logAppendTimeMs int64',
        'logStartOffset int64',
        'recordErrors []RecordError',
        ['batchIndex int32', 'batchIndexErrorMessage ?string'],
        'errorMessage ?string',
        'currentLeader ?Leader tag=0',
        ['leaderId int32', 'leaderEpoch int32'],
      ],
    ],
    'throttleTimeMs int32',
  ],
};
