import type { ApiSchema } from './api-schema.ts';

/** v2: flexible; v3: a producer may ask for the next epoch of its id. */
export const initProducerIdSchema: ApiSchema = {
  key: 22,
  name: 'InitProducerId',
  versions: '0-4',
  flexibleFrom: 2,
  request: [
    'transactionalId ?string',
    'transactionTimeoutMs int32',
    'producerId producerId 3+ default=-1',
    'producerEpoch int16 3+ default=-1',
  ],
  response: [
    'throttleTimeMs int32',
    'errorCode int16',
    'producerId producerId',
    'producerEpoch int16',
  ],
};
