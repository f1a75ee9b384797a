import type { ApiSchema } from './api-schema.ts';

/** Ours alone: another number of copies of a topic, asked of the leader of `__cluster`. 0: auto. */
export const alterReplicasSchema: ApiSchema = {
  key: 10002,
  name: 'AlterReplicas',
  versions: '0-0',
  flexibleFrom: 0,
  request: ['topic string', 'replicas int32'],
  response: ['errorCode int16', 'errorMessage ?string'],
};
