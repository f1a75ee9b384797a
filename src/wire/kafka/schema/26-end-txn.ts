import type { ApiSchema } from './api-schema.ts';

/** v3: flexible. */
export const endTxnSchema: ApiSchema = {
  key: 26,
  name: 'EndTxn',
  versions: '0-3',
  flexibleFrom: 3,
  request: [
    'transactionalId string',
    'producerId producerId',
    'producerEpoch int16',
    'committed boolean',
  ],
  response: ['throttleTimeMs int32', 'errorCode int16'],
};
