/**
 * Base-128 integers of the Kafka protocol: unsigned varints (compact lengths, tags) and the zig-zag
 * varint and varlong of records. Varlongs are numbers, exact to 2^53; a wider one fails instead of
 * losing bits.
 */

/** What a varint is read from. Reads past `end` or malformed ones set `failed` and return 0. */
export interface ByteCursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;
  failed: boolean;
}

const exactMax = Number.MAX_SAFE_INTEGER;

/** 0 to 2^32 - 1 in at most five bytes. */
export function readUnsignedVarint(cursor: ByteCursor): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    if (cursor.position >= cursor.end) break;
    const byte = cursor.bytes[cursor.position++] as number;
    if (shift === 28 && byte > 0x0f) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
  cursor.failed = true;
  return 0;
}

/** Zig-zag, 32 bits, in at most five bytes. */
export function readVarint(cursor: ByteCursor): number {
  const value = readUnsignedVarint(cursor);
  return (value >>> 1) ^ -(value & 1);
}

/** Zig-zag, 64 bits, in at most ten bytes; fails outside of ±(2^53 - 1). */
export function readVarlong(cursor: ByteCursor): number {
  let low = 0;
  let high = 0;
  let scale = 1;
  for (let index = 0; index < 10; index++) {
    if (cursor.position >= cursor.end) break;
    const byte = cursor.bytes[cursor.position++] as number;
    if (index === 9 && byte > 1) break;
    if (index < 4) low |= (byte & 0x7f) << (7 * index);
    else {
      high += (byte & 0x7f) * scale;
      scale *= 128;
    }
    if (byte < 0x80) return zigZagOf(cursor, low, high);
  }
  cursor.failed = true;
  return 0;
}

/** `low` holds 28 bits, `high` what is above them. */
function zigZagOf(cursor: ByteCursor, low: number, high: number): number {
  const half = high * 0x8000000 + (low >>> 1);
  if (half > exactMax) {
    cursor.failed = true;
    return 0;
  }
  if ((low & 1) === 0) return half;
  if (half === exactMax) {
    cursor.failed = true;
    return 0;
  }
  return -half - 1;
}

/** Bytes that `writeUnsignedVarint` takes. */
export function unsignedVarintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Writes 0 to 2^32 - 1 at `at` and returns the position behind it. The room must be there. */
export function writeUnsignedVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** Bytes that `writeVarint` takes. */
export const varintSize = (value: number): number =>
  unsignedVarintSize(((value << 1) ^ (value >> 31)) >>> 0);

/** Writes a 32-bit integer zig-zag at `at` and returns the position behind it. */
export const writeVarint = (bytes: Uint8Array, at: number, value: number): number =>
  writeUnsignedVarint(bytes, at, (value << 1) ^ (value >> 31));

/** Bytes that `writeVarlong` takes. */
export function varlongSize(value: number): number {
  if (value === (value | 0)) return varintSize(value);
  let rest = Math.floor((value < 0 ? -value - 1 : value) / 64);
  let size = 1;
  while (rest > 0) {
    size++;
    rest = Math.floor(rest / 128);
  }
  return size;
}

/** Writes an integer within ±(2^53 - 1) zig-zag at `at` and returns the position behind it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(bytes, at, value);
  const half = value < 0 ? -value - 1 : value;
  let rest = Math.floor(half / 64);
  let byte = (half % 64) * 2 + (value < 0 ? 1 : 0);
  while (rest > 0) {
    bytes[at++] = byte | 0x80;
    byte = rest % 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = byte;
  return at;
}
