import type { ApiSchema } from './api-schema.ts';

/** v1: session lifetime; v2: flexible. */
export const saslAuthenticateSchema: ApiSchema = {
  key: 36,
  name: 'SaslAuthenticate',
  versions: '0-2',
  flexibleFrom: 2,
  request: ['authBytes bytes'],
  response: [
    'errorCode int16',
    'errorMessage ?string',
    'authBytes bytes',
    'sessionLifetimeMs int64 1+',
  ],
};
