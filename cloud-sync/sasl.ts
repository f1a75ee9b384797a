import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { fail, ok } from '../src/base/result.ts';
import type { Result } from '../src/base/result.ts';
import type { SaslExchange } from '../src/client/kafka/sasl-exchange.ts';
import type { CentralSettings } from '../src/core/forward/settings.ts';

type SaslSettings = NonNullable<CentralSettings['sasl']>;
type Step = Result<Uint8Array | 'done', string>;

/** PBKDF2 runs on our one thread: a broker that asks for more would hold everything up. */
const iterationsMax = 100_000;

/** A fresh login of these settings; one for each connection. */
export const saslExchange = (settings: SaslSettings): SaslExchange =>
  settings.mechanism === 'PLAIN' ? plainExchange(settings) : new ScramExchange(settings);

/** RFC 4616. */
const plainExchange = ({ mechanism, username, password }: SaslSettings): SaslExchange => ({
  mechanism,
  next: (received) => ok(received === undefined ? bytesOf(`\0${username}\0${password}`) : 'done'),
});

/** RFC 5802 without channel binding, as Kafka does it. */
class ScramExchange implements SaslExchange {
  readonly mechanism: string;
  readonly #settings: SaslSettings;
  readonly #hash: 'sha256' | 'sha512';
  readonly #clientNonce = randomBytes(18).toString('base64url');
  readonly #clientFirst: string;
  #serverSignature: Buffer | undefined;

  constructor(settings: SaslSettings) {
    this.mechanism = settings.mechanism;
    this.#settings = settings;
    this.#hash = settings.mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512';
    const name = settings.username.replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#clientFirst = `n=${name},r=${this.#clientNonce}`;
  }

  next(received: Uint8Array | undefined): Step {
    if (received === undefined) return ok(bytesOf(`n,,${this.#clientFirst}`));
    const text = Buffer.from(received).toString('utf8');
    return this.#serverSignature === undefined ? this.#prove(text) : this.#verify(text);
  }

  #prove(serverFirst: string): Step {
    const fields = fieldsOf(serverFirst);
    const nonce = fields.get('r') ?? '';
    const iterations = Number(fields.get('i'));
    if (!nonce.startsWith(this.#clientNonce) || nonce.length === this.#clientNonce.length) {
      return fail('the broker answered with a foreign SCRAM nonce');
    }
    if (!(iterations >= 4_096 && iterations <= iterationsMax)) {
      return fail(`the broker asks for ${iterations} SCRAM iterations, 4096 to ${iterationsMax}`);
    }
    const salt = Buffer.from(fields.get('s') ?? '', 'base64');
    const length = this.#hash === 'sha256' ? 32 : 64;
    const password = this.#settings.password.normalize('NFKC');
    const salted = pbkdf2Sync(password, salt, iterations, length, this.#hash);
    const withoutProof = `c=biws,r=${nonce}`;
    const signed = `${this.#clientFirst},${serverFirst},${withoutProof}`;
    const clientKey = this.#hmac(salted, 'Client Key');
    const stored = createHash(this.#hash).update(clientKey).digest();
    const signature = this.#hmac(stored, signed);
    const proof = clientKey.map((byte, at) => byte ^ (signature[at] as number));
    this.#serverSignature = this.#hmac(this.#hmac(salted, 'Server Key'), signed);
    return ok(bytesOf(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`));
  }

  #verify(serverFinal: string): Step {
    const told = Buffer.from(fieldsOf(serverFinal).get('v') ?? '', 'base64');
    const expected = this.#serverSignature ?? Buffer.alloc(0);
    const isProven = told.length === expected.length && timingSafeEqual(told, expected);
    return isProven ? ok('done') : fail('the broker does not know the password either');
  }

  #hmac(key: Uint8Array, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest();
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const fieldsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
