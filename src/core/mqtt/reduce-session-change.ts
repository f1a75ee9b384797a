import {
  decodeOpenIdentifier,
  decodeSession,
  encodeOpenIdentifier,
  encodeSession,
} from '../../wire/state/state-codec.ts';
import type { SessionValue } from '../../wire/state/state-codec.ts';
import { isSameOwner } from './session-owner.ts';
import { parseSessionKey } from './session-keys.ts';

/** What a key of `__mqtt_sessions` holds now. */
export type StoredValue = (key: string) => Uint8Array | undefined;

/**
 * What a committed record of `__mqtt_sessions` makes of its key; what is there already: the record
 * does not count. Records of whoever does not act for the session any more never do, wherever they
 * lie behind the takeover. Decided by the log alone, so alike on every node and in each replay.
 *
 * What it gives stands for itself, without an owner to be checked: a rewrite of the topic may put
 * it before or behind the session's own record.
 */
export function reduceSessionChange(
  key: string,
  value: Uint8Array | undefined,
  stored: StoredValue,
): Uint8Array | undefined {
  const parsed = parseSessionKey(key);
  if (parsed === undefined || value === undefined) return value;
  if (parsed.kind === 'session') return reduceSession(key, value, stored);
  const read = decodeOpenIdentifier(value);
  if (!read.ok || read.value.owner === undefined) return value;
  const { owner, ...identifier } = read.value;
  const session = sessionIn(stored(`session/${parsed.clientId}`));
  if (session === undefined || !isSameOwner(owner, session.owner)) return stored(key);
  return identifier.isRemoved ? undefined : encodeOpenIdentifier(identifier);
}

function reduceSession(
  key: string,
  value: Uint8Array,
  stored: StoredValue,
): Uint8Array | undefined {
  const session = sessionIn(value);
  if (session === undefined || session.change === 'sets') return value;
  const { after, ...told } = session;
  const present = sessionIn(stored(key));
  const actsFor = session.change === 'takes' ? after : session.owner;
  if (!isSameOwner(actsFor, present?.owner)) return stored(key);
  if (session.change === 'removes') return undefined;
  if (session.change === 'updates') return encodeSession({ ...told, change: 'sets' });
  const { producerId, producerEpoch } = present ?? told;
  // Kept until the new session writes its producer: whoever takes it may not live to clear it.
  const isEnded = told.clean || present?.clean === true || present?.hasEnded === true;
  const ended = isEnded ? { hasEnded: true as const } : {};
  return encodeSession({ ...told, ...ended, producerId, producerEpoch, change: 'sets' });
}

function sessionIn(value: Uint8Array | undefined): SessionValue | undefined {
  const read = value === undefined ? undefined : decodeSession(value);
  return read?.ok === true ? read.value : undefined;
}
