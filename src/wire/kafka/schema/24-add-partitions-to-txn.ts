import type { ApiSchema } from './api-schema.ts';

/** v3: flexible. Later versions are for brokers only. */
export const addPartitionsToTxnSchema: ApiSchema = {
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: '0-3',
  flexibleFrom: 3,
  request: [
    'transactionalId string',
    'producerId producerId',
    'producerEpoch int16',
    'topics []Topic',
    ['name string', 'partitions []int32'],
  ],
  response: [
    'throttleTimeMs int32',
    'results []Topic',
    ['name string', 'results []Partition', ['partitionIndex int32', 'errorCode int16']],
  ],
};
