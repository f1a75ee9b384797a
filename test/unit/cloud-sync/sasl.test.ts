import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { saslExchange } from '../../../cloud-sync/sasl.ts';

const text = (step: ReturnType<ReturnType<typeof saslExchange>['next']>): string =>
  step.ok && step.value !== 'done' ? Buffer.from(step.value).toString() : '';
const salt = Buffer.from('some salt');

/** A broker's side of SCRAM, from the definition: checks the proof, then proves itself. */
function serverFinal(hash: string, password: string, parts: readonly string[]): string {
  const [clientFirst = '', serverFirst = '', clientFinal = ''] = parts;
  const size = createHash(hash).digest().length;
  const salted = pbkdf2Sync(password, salt, 4_096, size, hash);
  const hmac = (key: Uint8Array, data: string): Buffer =>
    createHmac(hash, key).update(data).digest();
  const [withoutProof = '', proof = ''] = clientFinal.split(',p=');
  const signed = `${clientFirst.slice(3)},${serverFirst},${withoutProof}`;
  const stored = createHash(hash).update(hmac(salted, 'Client Key')).digest();
  const signature = hmac(stored, signed);
  const key = Buffer.from(proof, 'base64').map((byte, at) => byte ^ (signature[at] as number));
  expect(createHash(hash).update(key).digest()).toEqual(stored);
  return `v=${hmac(hmac(salted, 'Server Key'), signed).toString('base64')}`;
}

test.each([
  ['SCRAM-SHA-256' as const, 'sha256'],
  ['SCRAM-SHA-512' as const, 'sha512'],
])('%s proves both sides', (mechanism, hash) => {
  const exchange = saslExchange({ mechanism, username: 'a=b,c', password: 'secret' });
  const first = text(exchange.next(undefined));
  expect(first).toMatch(/^n,,n=a=3Db=2Cc,r=.{20,}$/);
  const serverFirst = `r=${first.split('r=')[1]}server,s=${salt.toString('base64')},i=4096`;
  const final = text(exchange.next(Buffer.from(serverFirst)));
  const answer = serverFinal(hash, 'secret', [first, serverFirst, final]);
  expect(exchange.next(Buffer.from(answer))).toEqual({ ok: true, value: 'done' });
});

test('a broker that does not know the password, echoes no nonce or asks for too much is refused', () => {
  const start = () => {
    const settings = { mechanism: 'SCRAM-SHA-256' as const, username: 'a', password: 'secret' };
    const exchange = saslExchange(settings);
    return { exchange, nonce: text(exchange.next(undefined)).split('r=')[1] ?? '' };
  };
  const salted = `s=${salt.toString('base64')}`;
  const foreign = start();
  expect(foreign.exchange.next(Buffer.from(`r=other,${salted},i=4096`)).ok).toBe(false);
  const same = start();
  expect(same.exchange.next(Buffer.from(`r=${same.nonce},${salted},i=4096`)).ok).toBe(false);
  const slow = start();
  expect(slow.exchange.next(Buffer.from(`r=${slow.nonce}x,${salted},i=9999999`)).ok).toBe(false);
  const liar = start();
  expect(liar.exchange.next(Buffer.from(`r=${liar.nonce}x,${salted},i=4096`)).ok).toBe(true);
  expect(liar.exchange.next(Buffer.from('v=AAAA')).ok).toBe(false);
});

test('PLAIN sends name and password once', () => {
  const exchange = saslExchange({ mechanism: 'PLAIN', username: 'u', password: 'p' });
  expect(text(exchange.next(undefined))).toBe('\0u\0p');
  expect(exchange.next(new Uint8Array(0))).toEqual({ ok: true, value: 'done' });
});
