import { expect, it } from 'vitest';
import { isTlsRecord, PeerTroubles, troubleOf } from '../../../edge/peer-trouble.ts';
import { limits } from '../../../src/base/limits.ts';

it.each([
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'plain'],
  ['ERR_SSL_HTTP_REQUEST', 'plain'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'refusesUs'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tooOld'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'tooOld'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'unnamed'],
  ['CERT_HAS_EXPIRED', 'expired'],
  ['CERT_NOT_YET_VALID', 'notYetValid'],
  ['CERT_SIGNATURE_FAILURE', 'untrusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'untrusted'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'untrusted'],
  ['ECONNRESET', undefined],
  [undefined, undefined],
])('%s is %s', (code, trouble) => {
  expect(troubleOf(code)).toBe(trouble);
});

it('knows TLS by its first bytes', () => {
  expect(isTlsRecord(Uint8Array.of(0x16, 3, 1))).toBe(true);
  expect(isTlsRecord(Uint8Array.of(0x15, 3, 3))).toBe(true);
  expect(isTlsRecord(Uint8Array.of(0, 0, 1))).toBe(false);
  expect(isTlsRecord(Uint8Array.of(0x16))).toBe(false);
});

it('tells the same once a minute, and how often it was', () => {
  const lines: unknown[] = [];
  let nowMs = 0;
  const telemetry = { write: (...line: unknown[]) => lines.push(line) };
  const troubles = new PeerTroubles(telemetry, () => nowMs);
  const one = { who: 'node 2', trouble: 'plain' } as const;
  expect([troubles.tell(one), troubles.tell(one), troubles.tell(one)]).toEqual([
    true,
    false,
    false,
  ]);
  expect(troubles.tell({ ...one, trouble: 'expired' })).toBe(true);
  nowMs = limits.peerTroubleMs - 1;
  expect(troubles.tell(one)).toBe(false);
  nowMs++;
  expect(troubles.tell(one)).toBe(true);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toEqual(['warn', expect.stringContaining('node 2'), { repeated: 3 }]);
});

it('remembers no more addresses than it has places for', () => {
  let nowMs = 0;
  let lines = 0;
  const troubles = new PeerTroubles({ write: () => lines++ }, () => nowMs);
  const from = (at: number): boolean => troubles.tell({ who: `address ${at}`, trouble: 'plain' });
  for (let i = 0; i <= limits.peerTroublesMax; i++) from(i);
  expect(lines).toBe(limits.peerTroublesMax);
  nowMs = limits.peerTroubleMs;
  expect(from(1_000)).toBe(true);
});
