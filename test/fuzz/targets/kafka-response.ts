import { bytesEqual } from '../../../src/base/bytes.ts';
import type { Prng } from '../../../src/base/prng.ts';
import type { Result } from '../../../src/base/result.ts';
import type { ApiCodec } from '../../../src/wire/kafka/codec.ts';
import { decodeResponse, encodeResponse } from '../../../src/wire/kafka/header.ts';
import { ProtocolWriter } from '../../../src/wire/kafka/protocol-writer.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { decodedAllowance } from '../grammar/decoded-allowance.ts';
import { expectNoMoreThanThereWas } from '../grammar/no-more-than-there-was.ts';
import { KafkaBodyGrammar } from '../grammar/kafka-body.ts';
import { clientDialect, peerDialect } from '../grammar/kafka-codecs.ts';
import type { KafkaDialect } from '../grammar/kafka-codecs.ts';

const grammarsOf = ({ schemas }: KafkaDialect): readonly KafkaBodyGrammar[] =>
  schemas.map((schema) => new KafkaBodyGrammar(schema, 'response'));
const clientGrammars = grammarsOf(clientDialect);
const apiVersionsKey = 18;

/** One response frame without its length. */
export function randomResponseFrame(
  prng: Prng,
  of: { readonly key: number; readonly version: number; readonly correlationId: number },
  grammars = clientGrammars,
): Uint8Array {
  const grammar = grammars.find(({ schema }) => schema.key === of.key) as KafkaBodyGrammar;
  const writer = new ProtocolWriter();
  writer.int32(of.correlationId);
  const { flexibleFrom = Infinity, key } = grammar.schema;
  if (key !== apiVersionsKey && of.version >= flexibleFrom) writer.tagCount();
  grammar.write(writer, prng, of.version);
  return writer.copy();
}

interface Decoded {
  readonly codec: ApiCodec<unknown, unknown>;
  readonly version: number;
  readonly body: Result<unknown, 'malformed'>;
}

function targetOf(name: string, dialect: KafkaDialect): FuzzTarget<Decoded> {
  const grammars = grammarsOf(dialect);
  const { schemas } = dialect;
  return {
    name,
    inputBytesMax: 64 * 1024,
    /** Two bytes say which API and version the frame behind them is taken for. */
    generate(prng) {
      const { schema, versions } = prng.pick(grammars);
      const version = versions.min + prng.below(versions.max - versions.min + 1);
      const of = { key: schema.key, version, correlationId: prng.below(50) };
      const frame = randomResponseFrame(prng, of, grammars);
      const input = new Uint8Array(2 + frame.length);
      input.set([schemas.indexOf(schema), version]);
      input.set(frame, 2);
      return input;
    },
    execute(input) {
      const schema = schemas[(input[0] ?? 0) % schemas.length];
      const codec = dialect.codecByKey(schema?.key ?? 0) as ApiCodec<unknown, unknown>;
      const spread = codec.versionMax - codec.versionMin + 1;
      const wanted = (input[1] ?? 0) - codec.versionMin;
      const version = codec.versionMin + (((wanted % spread) + spread) % spread);
      return { codec, version, body: decodeResponse(codec, version, input.subarray(2)) };
    },
    check(input, { codec, version, body }) {
      if (!body.ok) return `${codec.key}/${version} malformed`;
      const once = encodeResponse(codec, version, 1, body.value).slice();
      expectNoMoreThanThereWas(once, 2 + input.length);
      const again = decodeResponse(codec, version, once.subarray(4));
      // Without the tags that nobody knows it is shorter, and may hold fewer elements.
      if (!again.ok && once.length < input.length) return `${codec.key}/${version} shorter`;
      if (!again.ok) throw new Error('what was decoded and encoded is malformed');
      const twice = encodeResponse(codec, version, 1, again.value);
      if (!bytesEqual(once, twice)) throw new Error('encoding a decoded response is not stable');
      return `${codec.key}/${version} ${Math.round(Math.log2(once.length) * 2)}`;
    },
    allowance: (input) => decodedAllowance(input.length),
  };
}

/** Every response decoder of the client that the forwarder and the commands use. */
export const kafkaResponseTarget = targetOf('kafka-response', clientDialect);

/** Every response decoder of a node that asks others. */
export const peerResponseTarget = targetOf('peer-response', peerDialect);
