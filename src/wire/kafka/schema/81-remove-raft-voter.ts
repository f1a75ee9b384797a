import type { ApiSchema } from './api-schema.ts';

/** KIP-853 knows one partition only: which one is ours (V1). */
export const removeRaftVoterSchema: ApiSchema = {
  key: 81,
  name: 'RemoveRaftVoter',
  versions: '0-0',
  flexibleFrom: 0,
  request: [
    'clusterId ?string',
    'voterId int32',
    'voterDirectoryId uuid',
    'topicId uuid tag=10000',
    'partition int32 tag=10001 default=-1',
  ],
  response: ['throttleTimeMs int32', 'errorCode int16', 'errorMessage ?string'],
};
