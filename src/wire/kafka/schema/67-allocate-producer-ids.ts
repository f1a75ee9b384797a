import type { ApiSchema } from './api-schema.ts';

/** A block of producer ids for one node (P4). */
export const allocateProducerIdsSchema: ApiSchema = {
  key: 67,
  name: 'AllocateProducerIds',
  versions: '0-0',
  flexibleFrom: 0,
  request: ['brokerId int32', 'brokerEpoch int64 default=-1'],
  response: [
    'throttleTimeMs int32',
    'errorCode int16',
    'producerIdStart int64',
    'producerIdLen int32',
  ],
};
