import { expect, test } from 'vitest';
import { monotonicMs } from '../../../../src/base/brand.ts';
import { concatBytes } from '../../../../src/base/bytes.ts';
import { apis, commonVersion } from '../../../../src/client/kafka/api.ts';
import type { Outcome } from '../../../../src/client/kafka/call.ts';
import { KafkaConnection } from '../../../../src/client/kafka/connection.ts';
import type { EndTxnResponse } from '../../../../src/wire/kafka/generated/26-end-txn.ts';
import { encodeResponse, readRequestStart } from '../../../../src/wire/kafka/header.ts';

const later = monotonicMs(1_000);
const body = { transactionalId: 't', producerId: 1n, producerEpoch: 0, committed: true };

const versions = (maxVersion: number, errorCode = 0) => ({
  errorCode,
  apiKeys: [{ apiKey: 26, minVersion: 0, maxVersion }],
  throttleTimeMs: 0,
  supportedFeatures: [],
  finalizedFeaturesEpoch: -1,
  finalizedFeatures: [],
  zkMigrationReady: false,
});

/** Key, version and correlation id of each frame that is to be sent. */
const sent = (connection: KafkaConnection) =>
  connection.takeOutgoing().map((frame) => {
    const start = readRequestStart(frame.subarray(4));
    if (!start.ok) throw new Error(start.error);
    return [start.value.apiKey, start.value.apiVersion, start.value.correlationId];
  });

function opened(maxVersion = 9): KafkaConnection {
  const connection = new KafkaConnection('me');
  connection.opened(later);
  expect(sent(connection)).toEqual([[18, 3, 0]]);
  connection.received(encodeResponse(apis.apiVersions, 3, 0, versions(maxVersion)));
  return connection;
}

const endTxn = (code: number) => ({ throttleTimeMs: 0, errorCode: code });

test('calls wait for the versions, go out in order and get their own answers', () => {
  const connection = new KafkaConnection('me');
  const codes: number[] = [];
  const note = (outcome: Outcome<EndTxnResponse>): void =>
    void codes.push(outcome.ok ? outcome.value.errorCode : -1);
  connection.call(apis.endTxn, body, later, note);
  connection.opened(later);
  expect(sent(connection)).toEqual([[18, 3, 0]]);
  connection.received(encodeResponse(apis.apiVersions, 3, 0, versions(9)));
  connection.call(apis.endTxn, body, later, note);
  expect(sent(connection)).toEqual([
    [26, 3, 1],
    [26, 3, 2],
  ]);
  const bytes = concatBytes([
    encodeResponse(apis.endTxn, 3, 1, endTxn(51)),
    encodeResponse(apis.endTxn, 3, 2, endTxn(0)),
  ]);
  for (const byte of bytes) connection.received(Uint8Array.of(byte));
  expect(codes).toEqual([51, 0]);
});

test('the highest version that both sides speak, or none', () => {
  expect(commonVersion(apis.endTxn, { minVersion: 0, maxVersion: 5 })).toBe(3);
  expect(commonVersion(apis.endTxn, { minVersion: 0, maxVersion: 1 })).toBe(1);
  expect(commonVersion(apis.produce, { minVersion: 12, maxVersion: 13 })).toBeUndefined();
  expect(commonVersion(apis.produce, undefined)).toBeUndefined();
  expect(apis.produce.versionMax).toBeLessThanOrEqual(11);
  expect(apis.addPartitionsToTxn.versionMax).toBeLessThanOrEqual(3);
});

test('an old broker refuses our ApiVersions and gets version 0', () => {
  const connection = new KafkaConnection('me');
  connection.opened(later);
  sent(connection);
  connection.received(encodeResponse(apis.apiVersions, 0, 0, versions(9, 35)));
  expect(sent(connection)).toEqual([[18, 0, 1]]);
  connection.received(encodeResponse(apis.apiVersions, 0, 1, versions(9)));
  expect(connection.isReady).toBe(true);
});

const loginVersions = {
  ...versions(9),
  apiKeys: [17, 36, 26].map((apiKey) => ({ apiKey, minVersion: 0, maxVersion: 2 })),
};

test('with a login no call goes out before it is over', () => {
  const steps: (Uint8Array | 'done')[] = [Uint8Array.of(1), 'done'];
  const next = () => ({ ok: true as const, value: steps.shift() ?? ('done' as const) });
  const connection = new KafkaConnection('me', { mechanism: 'PLAIN', next });
  connection.opened(later);
  connection.call(apis.endTxn, body, later, () => undefined);
  sent(connection);
  connection.received(encodeResponse(apis.apiVersions, 3, 0, loginVersions));
  expect(sent(connection)).toEqual([[17, 1, 1]]);
  connection.received(encodeResponse(apis.saslHandshake, 1, 1, { errorCode: 0, mechanisms: [] }));
  expect(sent(connection)).toEqual([[36, 2, 2]]);
  const granted = { errorCode: 0, errorMessage: null, authBytes: new Uint8Array(0) };
  const answer = { ...granted, sessionLifetimeMs: 0 };
  connection.received(encodeResponse(apis.saslAuthenticate, 2, 2, answer));
  expect(sent(connection)).toEqual([[26, 2, 3]]);
});

test('a refused login fails every call with the reason', () => {
  const next = () => ({ ok: true as const, value: Uint8Array.of(1) });
  const connection = new KafkaConnection('me', { mechanism: 'PLAIN', next });
  const outcomes: unknown[] = [];
  connection.opened(later);
  connection.call(apis.endTxn, body, later, (o) => void outcomes.push(o));
  connection.received(encodeResponse(apis.apiVersions, 3, 0, loginVersions));
  const refused = { errorCode: 33, mechanisms: ['SCRAM-SHA-256'] };
  const fault = connection.received(encodeResponse(apis.saslHandshake, 1, 1, refused));
  expect(fault).toMatchObject({ reason: 'refused', text: expect.stringContaining('SCRAM') });
  expect(outcomes).toMatchObject([{ ok: false, error: { reason: 'refused', wasSent: false } }]);
});

test('an API that the broker lacks fails without being sent', () => {
  const connection = opened();
  const outcomes: unknown[] = [];
  connection.call(
    apis.findCoordinator,
    { key: 'k', keyType: 1, coordinatorKeys: [] },
    later,
    (o) => void outcomes.push(o),
  );
  expect(outcomes).toMatchObject([{ ok: false, error: { reason: 'unsupported', wasSent: false } }]);
});

test('a lost connection tells what was sent from what was not, each call once', () => {
  const connection = opened();
  const outcomes: unknown[] = [];
  for (let i = 0; i < 40; i++)
    connection.call(apis.endTxn, body, later, (o) => void outcomes.push(o));
  expect(sent(connection)).toHaveLength(32);
  connection.closed({ reason: 'disconnected', text: 'gone' });
  connection.closed({ reason: 'disconnected', text: 'gone' });
  expect(outcomes).toHaveLength(40);
  expect(outcomes[0]).toMatchObject({ ok: false, error: { wasSent: true } });
  expect(outcomes[39]).toMatchObject({ ok: false, error: { wasSent: false } });
  expect(connection.takeOutgoing()).toEqual([]);
});

test('a call past its deadline ends the connection', () => {
  const connection = opened();
  const outcomes: unknown[] = [];
  connection.call(apis.endTxn, body, monotonicMs(500), (o) => void outcomes.push(o));
  expect(connection.nextDeadline()).toBe(500);
  expect(connection.expire(monotonicMs(499))).toBeUndefined();
  expect(connection.expire(monotonicMs(500))).toMatchObject({ reason: 'timedOut' });
  expect(outcomes).toMatchObject([{ ok: false, error: { reason: 'timedOut', wasSent: true } }]);
});

test.each([
  ['an answer to nobody', encodeResponse(apis.endTxn, 3, 77, endTxn(0))],
  ['a body that ends early', Uint8Array.of(0, 0, 0, 6, 0, 0, 0, 1, 0, 0)],
  ['a frame of two gigabytes', Uint8Array.of(127, 255, 255, 255)],
])('%s is a fault that fails every call', (_, bytes) => {
  const connection = opened();
  const outcomes: unknown[] = [];
  connection.call(apis.endTxn, body, later, (o) => void outcomes.push(o));
  expect(connection.received(bytes)).toMatchObject({ reason: 'malformed' });
  expect(outcomes).toMatchObject([{ ok: false }]);
});
