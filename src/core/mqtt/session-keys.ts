import { utf8Encode } from '../../base/bytes.ts';

/** A key of `__mqtt_sessions`, as in state.proto. */
export type SessionKey =
  | { readonly kind: 'session'; readonly clientId: string }
  | { readonly kind: 'identifier'; readonly clientId: string; readonly packetId: number };

const identifierPrefix = 'qos2/';

/** Key of a session's record. */
export const sessionKey = (clientId: string): Uint8Array => utf8Encode(`session/${clientId}`);

/** Key of an open identifier's record. */
export const identifierKey = (clientId: string, packetId: number): Uint8Array =>
  utf8Encode(`${identifierPrefix}${clientId}/${packetId}`);

/** Reads a key; undefined if it is neither. A client id may contain slashes. */
export function parseSessionKey(key: string): SessionKey | undefined {
  if (key.startsWith('session/')) {
    return { kind: 'session', clientId: key.slice('session/'.length) };
  }
  const end = key.lastIndexOf('/');
  if (!key.startsWith(identifierPrefix) || end < identifierPrefix.length) return undefined;
  const digits = key.slice(end + 1);
  if (!/^\d{1,5}$/.test(digits)) return undefined;
  const clientId = key.slice(identifierPrefix.length, end);
  return { kind: 'identifier', clientId, packetId: Number(digits) };
}
