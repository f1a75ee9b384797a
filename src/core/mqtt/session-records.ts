import type { ViewChange } from '../../ports/state-view.ts';
import { encodeOpenIdentifier, encodeSession } from '../../wire/state/state-codec.ts';
import type { OpenIdentifierValue, SessionOwnerValue } from '../../wire/state/state-codec.ts';
import type { Qos2Session } from './qos2-session.ts';
import type { TripleTarget } from './triple-target.ts';
import type { SessionOwner } from './session-owner.ts';
import { identifierKey, sessionKey } from './session-keys.ts';

const ownerOf = (owner: SessionOwner): { readonly owner?: SessionOwnerValue } =>
  owner === undefined ? {} : { owner };

/** Somebody else acts for the session from here on, unless another one was faster. */
export function takeoverRecord(
  clientId: string,
  owner: SessionOwnerValue,
  after: SessionOwner,
  clean: boolean,
): ViewChange {
  const from = after === undefined ? {} : { after };
  const nothing = { producerId: 0, producerEpoch: 0 };
  const value = encodeSession({ ...nothing, clean, owner, ...from, change: 'takes' });
  return { key: sessionKey(clientId), value };
}

/** The session's producer, as it is from here on. */
export function producerRecord(session: Qos2Session): ViewChange {
  const { clientId, producerId, producerEpoch, isClean, owner } = session;
  const change = owner === undefined ? 'sets' : 'updates';
  const producer = { producerId: Number(producerId ?? 0n), producerEpoch, clean: isClean };
  return {
    key: sessionKey(clientId),
    value: encodeSession({ ...producer, ...ownerOf(owner), change }),
  };
}

/** P5 (1). */
export function identifierRecord(
  { clientId, owner }: { readonly clientId: string; readonly owner: SessionOwner },
  packetId: number,
  target: TripleTarget,
): ViewChange {
  const { topicId, partition, producerEpoch, baseSequence } = target;
  const producerId = Number(target.producerId);
  const fields = { topicId, partition, producerId, producerEpoch, baseSequence, isRemoved: false };
  const value = encodeOpenIdentifier(owner === undefined ? fields : { ...fields, owner });
  return { key: identifierKey(clientId, packetId), value };
}

/** A tombstone has no room for an owner, so a removal that has one is a value. */
export function identifierRemoval(
  { clientId, owner }: { readonly clientId: string; readonly owner: SessionOwner },
  packetId: number,
): ViewChange {
  const key = identifierKey(clientId, packetId);
  if (owner === undefined) return { key, value: undefined };
  return { key, value: encodeOpenIdentifier({ ...noTarget, owner, isRemoved: true }) };
}

/** The session ends. */
export function sessionRemoval(clientId: string, owner: SessionOwner): ViewChange {
  const key = sessionKey(clientId);
  if (owner === undefined) return { key, value: undefined };
  const nothing = { producerId: 0, producerEpoch: 0, clean: false };
  return { key, value: encodeSession({ ...nothing, owner, change: 'removes' }) };
}

const noTarget: Omit<OpenIdentifierValue, 'isRemoved'> = {
  ...{ topicId: '', partition: 0, producerId: 0, producerEpoch: 0, baseSequence: 0 },
};
