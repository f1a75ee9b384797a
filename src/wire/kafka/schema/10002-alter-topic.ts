import type { ApiSchema } from './api-schema.ts';

/**
 * Ours alone: what an operator changes of a topic, asked of the leader of `__cluster`. By name, so
 * that a leader refuses what it does not know. v0 knew replicas alone.
 */
export const alterTopicSchema: ApiSchema = {
  key: 10002,
  name: 'AlterTopic',
  versions: '1-1',
  flexibleFrom: 0,
  request: ['topic string', 'settings []Setting', ['name string', 'value int64']],
  response: ['errorCode int16', 'errorMessage ?string'],
};
