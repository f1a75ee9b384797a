import { gzipSync } from 'node:zlib';
import { nodeCompression } from '../../../cloud-sync/compression.ts';
import { compressionNode } from '../../../edge/compression-node.ts';
import { bytesEqual, setInt32 } from '../../../src/base/bytes.ts';
import type { CompressionType } from '../../../src/ports/compression.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { randomBytes } from '../grammar/batch.ts';

const types: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** What zlib holds while it works, besides what it gives: window, state and one chunk. */
const zlibBytes = 128 * 1024;

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
  inputBytesMax: 16 * 1024,
  generate(prng) {
    const plain = prng.chance(0.3)
      ? new Uint8Array(prng.pick([1_000, 100_000, 3_000_000])).fill(prng.below(3))
      : randomBytes(prng, prng.below(600));
    const level = prng.pick([0, 1, 9]);
    const packed = gzipSync(plain, { level });
    const members = prng.chance(0.1) ? 1 + prng.below(20) : 1;
    const input = new Uint8Array(5 + packed.length * members);
    input[0] = prng.chance(0.9) ? 1 : prng.below(5);
    setInt32(input, 1, prng.pick([0, 1, plain.length, plain.length - 1, 1 << 16, 1 << 24]));
    for (let at = 0; at < members; at++) input.set(packed, 5 + at * packed.length);
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
