import { bytesEqual } from '../../../src/base/bytes.ts';
import type { Prng } from '../../../src/base/prng.ts';
import type { ApiCodec } from '../../../src/wire/kafka/codec.ts';
import type { Result } from '../../../src/base/result.ts';
import { decodeRequest, encodeRequest, readRequestStart } from '../../../src/wire/kafka/header.ts';
import type { ReceivedRequest, RequestStart } from '../../../src/wire/kafka/header.ts';
import { ProtocolWriter } from '../../../src/wire/kafka/protocol-writer.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { clientDialect, peerDialect } from '../grammar/kafka-codecs.ts';
import type { KafkaDialect } from '../grammar/kafka-codecs.ts';
import { expectNoMoreThanThereWas } from '../grammar/no-more-than-there-was.ts';
import { KafkaBodyGrammar } from '../grammar/kafka-body.ts';
import { decodedAllowance } from '../grammar/decoded-allowance.ts';

const grammarsOf = ({ schemas }: KafkaDialect): ReadonlyMap<number, KafkaBodyGrammar> =>
  new Map(schemas.map((schema) => [schema.key, new KafkaBodyGrammar(schema, 'request')]));
const grammars = new Map(
  [clientDialect, peerDialect].map((dialect) => [dialect, grammarsOf(dialect)]),
);
const identities = ['kcat', '', 'a client'] as const;

/** One request frame without its length: any served API and version, now and then another. */
export function randomRequestFrame(
  prng: Prng,
  correlationId = prng.below(100),
  dialect = clientDialect,
): Uint8Array {
  const api = prng.pick(dialect.apis);
  const spread = api.versionMax - api.versionMin + 1;
  const version = api.versionMin + prng.below(spread);
  const codec = dialect.codecByKey(api.apiKey) as ApiCodec<unknown, unknown>;
  const isFlexible = version >= codec.flexibleFrom;
  const writer = new ProtocolWriter();
  writer.int16(prng.chance(0.99) ? api.apiKey : prng.below(60));
  writer.int16(prng.chance(0.98) ? version : version + prng.pick([1, -1, 100]));
  writer.int32(correlationId);
  writer.nullableString(prng.chance(0.2) ? null : prng.pick(identities), false);
  if (isFlexible) writer.tagCount();
  const grammar = grammars.get(dialect)?.get(api.apiKey) as KafkaBodyGrammar;
  const { min, max } = grammar.versions;
  grammar.write(writer, prng, Math.min(Math.max(version, min), max));
  return writer.copy();
}

interface Decoded {
  readonly start: RequestStart | undefined;
  readonly codec: ApiCodec<unknown, unknown> | undefined;
  readonly request: Result<ReceivedRequest<unknown>, 'malformed'> | undefined;
}

/** The request decoder, header included, of every API and version that the codecs know. */
const targetOf = (name: string, dialect: KafkaDialect): FuzzTarget<Decoded> => ({
  name,
  inputBytesMax: 64 * 1024,
  generate: (prng) => randomRequestFrame(prng, undefined, dialect),
  execute(frame) {
    const start = readRequestStart(frame);
    if (!start.ok) return { start: undefined, codec: undefined, request: undefined };
    const { apiKey, apiVersion } = start.value;
    const codec = dialect.codecByKey(apiKey);
    const isKnown =
      codec !== undefined && apiVersion >= codec.versionMin && apiVersion <= codec.versionMax;
    const request = isKnown ? decodeRequest(codec, apiVersion, frame) : undefined;
    return { start: start.value, codec, request };
  },
  check(frame, { start, codec, request }) {
    if (start === undefined) return 'no header';
    const { apiKey, apiVersion, correlationId } = start;
    if (codec === undefined || request === undefined) return `unknown ${apiKey}`;
    if (!request.ok) return `${apiKey}/${apiVersion} malformed`;
    const { clientId, body } = request.value;
    const identity = { correlationId, clientId };
    const once = encodeRequest(codec, apiVersion, identity, body).slice();
    expectNoMoreThanThereWas(once, 4 + frame.length);
    const again = decodeRequest(codec, apiVersion, once.subarray(4));
    // Without the tags that nobody knows it is shorter, and may hold fewer elements.
    if (!again.ok && once.length < frame.length) return `${apiKey}/${apiVersion} shorter`;
    if (!again.ok) throw new Error('what was decoded and encoded is malformed');
    const twice = encodeRequest(codec, apiVersion, identity, again.value.body);
    if (!bytesEqual(once, twice)) throw new Error('encoding a decoded request is not stable');
    return `${apiKey}/${apiVersion} ${Math.round(Math.log2(once.length) * 2)}`;
  },
  allowance: (input) => decodedAllowance(input.length),
});

/** Requests of clients. */
export const kafkaRequestTarget = targetOf('kafka-request', clientDialect);

/** Requests of other nodes. */
export const peerRequestTarget = targetOf('peer-request', peerDialect);
