import { gzipSync } from 'node:zlib';
import { nodeCompression } from '../../../cloud-sync/compression.ts';
import { compressionNode } from '../../../edge/compression-node.ts';
import { bytesEqual, setInt32 } from '../../../src/base/bytes.ts';
import type { Prng } from '../../../src/base/prng.ts';
import type { CompressionType } from '../../../src/ports/compression.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { randomBytes } from '../grammar/batch.ts';

const types: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** What zlib holds while it works, besides what it gives: window, state and one chunk. */
const zlibBytes = 128 * 1024;

const inputBytesMax = 16 * 1024;
const levels = [0, 1, 9];

interface Packed {
  readonly plainBytes: number;
  readonly packed: Uint8Array;
}

const pack = (plain: Uint8Array, level: number): Packed => ({
  plainBytes: plain.length,
  packed: gzipSync(plain, { level }),
});

/** Much of the same byte, made once. */
const bombs = [1_000, 100_000, 3_000_000].flatMap((bytes) =>
  [0, 1, 2].flatMap((fill) => levels.map((level) => pack(new Uint8Array(bytes).fill(fill), level))),
);

const small = (prng: Prng): Packed => pack(randomBytes(prng, prng.below(600)), prng.pick(levels));

interface Opened {
  readonly bytesMax: number;
  readonly edge: Uint8Array | undefined;
  readonly forwarder: Uint8Array | undefined;
}

/**
 * Both processes' decompressors. The first byte names the codec, the next four the largest size
 * that is wanted.
 */
export const decompressTarget: FuzzTarget<Opened> = {
  name: 'decompress',
  inputBytesMax,
  generate(prng) {
    const { plainBytes, packed } = prng.chance(0.3) ? prng.pick(bombs) : small(prng);
    const members = prng.chance(0.1) ? 1 + prng.below(20) : 1;
    const input = new Uint8Array(Math.min(5 + packed.length * members, inputBytesMax));
    input[0] = prng.chance(0.9) ? 1 : prng.below(5);
    setInt32(input, 1, prng.pick([0, 1, plainBytes, plainBytes - 1, 1 << 16, 1 << 24]));
    for (let at = 5; at < input.length; at += packed.length) {
      input.set(packed.subarray(0, input.length - at), at);
    }
    return input;
  },
  execute(input) {
    const bytesMax = bytesMaxOf(input);
    const type = types[(input[0] ?? 0) % types.length] as CompressionType;
    const bytes = input.subarray(5);
    const edge = compressionNode.supports(type)
      ? compressionNode.decompress(type, bytes, bytesMax)
      : undefined;
    const forwarder = nodeCompression.decompress(type, bytes, bytesMax);
    return { bytesMax, edge, forwarder };
  },
  check(input, { bytesMax, edge, forwarder }) {
    if ((edge?.length ?? 0) > bytesMax) throw new Error('the node opened more than it may');
    if ((forwarder?.length ?? 0) > bytesMax) throw new Error('the forwarder opened too much');
    if ((edge === undefined) !== (forwarder === undefined)) throw new Error('they disagree');
    if (edge === undefined || forwarder === undefined) return `refused ${(input[0] ?? 0) % 5}`;
    if (!bytesEqual(edge, forwarder)) throw new Error('they open different bytes');
    return `opened ${Math.round(Math.log2(edge.length + 1))}`;
  },
  // Twice what may come out, for each process: zlib's chunks, and the one array made of them.
  allowance: (input) => 2 * (zlibBytes + 2 * bytesMaxOf(input)),
};

function bytesMaxOf(input: Uint8Array): number {
  const asked = new DataView(input.buffer, input.byteOffset, input.length);
  return input.length < 5 ? 0 : Math.min(asked.getUint32(1), 2 << 20);
}
