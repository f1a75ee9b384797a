import { setBigInt64, setInt16, setInt32 } from '../../../src/base/bytes.ts';
import type { Prng } from '../../../src/base/prng.ts';
import { writeUnsignedVarint } from '../../../src/base/varint.ts';

/** Numbers at which length checks go wrong. */
export const interestingNumbers: readonly number[] = [
  ...[0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 60, 61, 62, 63, 64, 100, 127, 128, 129, 255, 256, 257],
  ...[1_000, 4_095, 4_096, 16_383, 16_384, 32_767, 32_768, 65_535, 65_536, 500_000, 1_048_576],
  ...[16_777_215, 16_777_216, 0x7fffffff, -1, -2, -3, -12, -61, -128, -32_768, -0x80000000],
];

type Mutation = (input: Uint8Array, prng: Prng, other: Uint8Array) => Uint8Array;

/** An input made of another by one to four small changes, at most `bytesMax` long. */
export function mutate(
  prng: Prng,
  input: Uint8Array,
  other: Uint8Array,
  bytesMax: number,
): Uint8Array {
  let changed = input;
  for (let left = 1 + prng.below(4); left > 0; left--) {
    changed = prng.pick(mutations)(changed, prng, other);
  }
  return changed.length > bytesMax ? changed.slice(0, bytesMax) : changed;
}

/** A copy in which `change` did something at a random place. */
const at =
  (change: (bytes: Uint8Array, position: number, prng: Prng) => void): Mutation =>
  (input, prng) => {
    const copy = input.slice();
    if (copy.length > 0) change(copy, prng.below(copy.length), prng);
    return copy;
  };

/** Lengths stand at the front more often than not. */
const nearFront = (prng: Prng, length: number): number =>
  prng.chance(0.5) ? prng.below(length) : prng.below(Math.min(length, 64));

const mutations: readonly Mutation[] = [
  at((bytes, position, prng) => (bytes[position] = (bytes[position] ?? 0) ^ (1 << prng.below(8)))),
  at((bytes, position, prng) => (bytes[position] = prng.below(256))),
  at((bytes, position, prng) => (bytes[position] = prng.pick([0, 0xff, 0x80, 0x7f, 0x01, 0x0a]))),
  at((bytes, position, prng) => (bytes[position] = (bytes[position] ?? 0) + prng.pick([1, -1]))),
  at((bytes, position, prng) => bytes.fill(prng.below(256), position, position + prng.below(32))),
  (input, prng) => writeNumber(input, prng),
  (input, prng) => writeNumber(input, prng),
  (input, prng) => input.slice(0, prng.below(input.length + 1)),
  (input, prng) => input.slice(prng.below(Math.min(input.length, 32) + 1)),
  // Takes a piece out, puts it in twice, or puts in a piece of another input.
  (input, prng) => {
    const [from, to] = piece(input, prng);
    return joined(input.subarray(0, from), input.subarray(to));
  },
  (input, prng) => {
    const [from, to] = piece(input, prng);
    const copies = Array.from({ length: 1 + prng.below(8) }, () => input.subarray(from, to));
    return joined(input.subarray(0, to), ...copies, input.subarray(to));
  },
  (input, prng, other) => {
    const [from, to] = piece(other, prng);
    const place = prng.below(input.length + 1);
    return joined(input.subarray(0, place), other.subarray(from, to), input.subarray(place));
  },
  (input, prng, other) => {
    const place = prng.below(Math.min(input.length, other.length) + 1);
    return joined(input.subarray(0, place), other.subarray(place));
  },
  (input, prng) => {
    const place = prng.below(input.length + 1);
    const filler = new Uint8Array(prng.pick([1, 4, 16, 256, 4_000])).fill(prng.below(256));
    return joined(input.subarray(0, place), filler, input.subarray(place));
  },
];

/** Overwrites one, two, four, eight or a varint's bytes with a number that hurts. */
function writeNumber(input: Uint8Array, prng: Prng): Uint8Array {
  const bytes = new Uint8Array(Math.max(input.length, 10) + 10);
  bytes.set(input);
  const position = nearFront(prng, Math.max(input.length, 1));
  const near = prng.chance(0.5) ? input.length - position + prng.below(9) - 4 : undefined;
  const value = near ?? prng.pick(interestingNumbers);
  switch (prng.below(5)) {
    case 0:
      bytes[position] = value;
      break;
    case 1:
      setInt16(bytes, position, value);
      break;
    case 2:
      setInt32(bytes, position, value);
      break;
    case 3:
      setBigInt64(bytes, position, prng.chance(0.3) ? BigInt(value) << 32n : BigInt(value));
      break;
    default:
      writeUnsignedVarint(bytes, position, value);
  }
  return bytes.slice(0, input.length);
}

function piece(input: Uint8Array, prng: Prng): [number, number] {
  const from = prng.below(input.length + 1);
  return [from, Math.min(input.length, from + prng.below(prng.pick([4, 16, 64, 512])))];
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
