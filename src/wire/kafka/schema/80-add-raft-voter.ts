import type { ApiSchema } from './api-schema.ts';

/**
 * KIP-853 knows one partition only: which one, whether of a witness, and whether another disk of
 * that node counts no more (which one, where nobody else may be replaced), are ours (V1, V3, V4).
 */
export const addRaftVoterSchema: ApiSchema = {
  key: 80,
  name: 'AddRaftVoter',
  versions: '0-0',
  flexibleFrom: 0,
  request: [
    'clusterId ?string',
    'timeoutMs int32',
    'voterId int32',
    'voterDirectoryId uuid',
    'listeners []Listener',
    ['name string', 'host string', 'port uint16'],
    'topicId uuid tag=10000',
    'partition int32 tag=10001 default=-1',
    'isWitness boolean tag=10002',
    'isReplacing boolean tag=10003',
    'replacedDirectoryId uuid tag=10004',
  ],
  response: ['throttleTimeMs int32', 'errorCode int16', 'errorMessage ?string'],
};
