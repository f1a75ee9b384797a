import { bytesEqual, utf8Decode } from '../../../src/base/bytes.ts';
import { uuid } from '../../../src/base/brand.ts';
import type { Prng } from '../../../src/base/prng.ts';
import type { Result } from '../../../src/base/result.ts';
import { nodeCompression } from '../../../cloud-sync/compression.ts';
import { cursorKey, cursorOf } from '../../../src/core/forward/cursor.ts';
import { CursorScan } from '../../../src/core/forward/cursor-scan.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../src/wire/kafka/record-headers.ts';
import * as state from '../../../src/wire/state/state-codec.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { interestingNumbers } from '../engine/mutate.ts';
import { randomBatch, randomBytes, repairBatch } from '../grammar/batch.ts';

interface Codec {
  readonly decode: (bytes: Uint8Array) => Result<never, 'malformed'>;
  readonly encode: (value: never) => Uint8Array;
}

const codecs = [
  { decode: state.decodeTopic, encode: state.encodeTopic },
  { decode: state.decodeProducerIdBlock, encode: state.encodeProducerIdBlock },
  { decode: state.decodeForwardDecision, encode: state.encodeForwardDecision },
  { decode: state.decodeDrop, encode: state.encodeDrop },
  { decode: state.decodeSession, encode: state.encodeSession },
  { decode: state.decodeOpenIdentifier, encode: state.encodeOpenIdentifier },
  { decode: state.decodeCursor, encode: state.encodeCursor },
  { decode: state.decodeGap, encode: state.encodeGap },
] as unknown as readonly Codec[];

const id = uuid('0b5c1f5e-6a1b-4c7d-8e9f-102030405060');
const key = cursorKey(id, id, 0);

interface Read {
  readonly decoded: Result<unknown, unknown>;
  readonly codec: Codec | undefined;
  readonly text: string;
}

/** Values of internal topics, the cursor and the gap; the first byte says which. */
export const stateTarget: FuzzTarget<Read> = {
  name: 'state',
  inputBytesMax: 8 * 1024,
  generate(prng) {
    const which = prng.below(codecs.length + 2);
    const body = which > codecs.length ? cursorTopicBytes(prng) : protobufBytes(prng, 0);
    const input = new Uint8Array(1 + body.length);
    input[0] = which;
    input.set(body, 1);
    return input;
  },
  execute(input) {
    const which = (input[0] ?? 0) % (codecs.length + 2);
    const bytes = input.subarray(1);
    const codec = codecs[which];
    const text = utf8Decode(bytes);
    if (codec !== undefined) return { decoded: codec.decode(bytes), codec, text };
    if (which === codecs.length) return { decoded: cursorOf(bytes), codec, text };
    const scan = new CursorScan(key, 0, { compression: nodeCompression, bytesMax: 1 << 18 });
    const added = scan.add(bytes);
    return { decoded: added.ok ? scan.finish() : added, codec, text };
  },
  check(input, { decoded, codec }) {
    const which = (input[0] ?? 0) % (codecs.length + 2);
    if (!decoded.ok) return `${which} ${String(decoded.error).slice(0, 20)}`;
    if (codec !== undefined) {
      const once = codec.encode(decoded.value as never);
      const again = codec.decode(once);
      if (!again.ok) throw new Error('an encoded value is malformed');
      if (!bytesEqual(once, codec.encode(again.value))) throw new Error('not stable');
    }
    const shape = JSON.stringify(decoded.value)?.replace(/[^{}:,"]/g, '').length;
    return `${which} read ${shape}`;
  },
  // protobufjs makes an object of each 64-bit field that it reads, kept or not: two bytes can be
  // one. Cursors may lie in gzip.
  allowance: (input) => 80 * input.length + ((input[0] ?? 0) % 10 === 9 ? 4 << 18 : 0),
};

/** Fields in any order with any wire type, nested at times: nearly our messages. */
function protobufBytes(prng: Prng, depth: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = prng.below(12); left > 0; left--) {
    const wireType = prng.pick([0, 0, 0, 2, 2, 2, 1, 5, 3, 4]);
    bytes.push(((1 + prng.below(10)) << 3) | wireType);
    if (wireType === 0) bytes.push(...varint(prng));
    else if (wireType === 1) bytes.push(...randomBytes(prng, 8));
    else if (wireType === 5) bytes.push(...randomBytes(prng, 4));
    else if (wireType === 2) {
      const isNested = depth < 3 && prng.chance(0.3);
      const inner = isNested ? protobufBytes(prng, depth + 1) : randomBytes(prng, prng.below(40));
      bytes.push(prng.chance(0.97) ? inner.length & 0x7f : prng.below(256), ...inner);
    }
  }
  if (prng.chance(0.02)) bytes.push(...Array.from({ length: 4_000 }, () => 0x0b));
  return Uint8Array.from(bytes);
}

function varint(prng: Prng): readonly number[] {
  if (prng.chance(0.6)) return [prng.below(128)];
  if (prng.chance(0.2)) return [...Array.from({ length: 9 }, () => 0xff), prng.below(3)];
  let rest = BigInt(prng.pick(interestingNumbers)) & 0xffff_ffff_ffff_ffffn;
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** Batches of a cursor topic: cursors of ours and of others, markers, tombstones, rubbish. */
function cursorTopicBytes(prng: Prng): Uint8Array {
  const batches = Array.from({ length: prng.below(4) }, (_, index) => {
    if (prng.chance(0.4)) return randomBatch(prng, index);
    const builder = new RecordBatchBuilder(128);
    const value = prng.chance(0.8) ? protobufBytes(prng, 0) : undefined;
    const name = new TextEncoder().encode(prng.chance(0.8) ? key : 'another');
    builder.append(1_000, name, value, noRecordHeaders);
    const isTransactional = prng.chance(0.5);
    return repairBatch(builder.finish({ baseOffset: index, producerId: 3n, isTransactional }));
  });
  const joined = new Uint8Array(batches.reduce((sum, batch) => sum + batch.length, 0));
  let at = 0;
  for (const batch of batches) {
    joined.set(batch, at);
    at += batch.length;
  }
  return joined;
}
