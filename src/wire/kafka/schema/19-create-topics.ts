import type { ApiSchema } from './api-schema.ts';

/** v5: flexible, configs in the response; v7: topic ids. */
export const createTopicsSchema: ApiSchema = {
  key: 19,
  name: 'CreateTopics',
  versions: '2-7',
  flexibleFrom: 5,
  request: [
    'topics []Topic',
    [
      'name string',
      'numPartitions int32',
      'replicationFactor int16',
      'assignments []Assignment',
      ['partitionIndex int32', 'brokerIds []int32'],
      'configs []Config',
      ['name string', 'value ?string'],
    ],
    'timeoutMs int32',
    'validateOnly boolean',
  ],
  response: [
    'throttleTimeMs int32',
    'topics []Topic',
    [
      'name string',
      'topicId uuid 7+',
      'errorCode int16',
      'errorMessage ?string',
      'topicConfigErrorCode int16 5+ tag=0',
      'numPartitions int32 5+ default=-1',
      'replicationFactor int16 5+ default=-1',
      'configs ?[]Config 5+',
      [
        'name string',
        'value ?string',
        'readOnly boolean',
        'configSource int8',
        'isSensitive boolean',
      ],
    ],
  ],
};
