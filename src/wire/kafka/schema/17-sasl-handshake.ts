import type { ApiSchema } from './api-schema.ts';

/** v0: bare SASL frames follow; v1: SaslAuthenticate follows. Never flexible. */
export const saslHandshakeSchema: ApiSchema = {
  key: 17,
  name: 'SaslHandshake',
  versions: '0-1',
  flexibleFrom: undefined,
  request: ['mechanism string'],
  response: ['errorCode int16', 'mechanisms []string'],
};
