import { assert } from './assert.ts';
import {
  readUnsignedVarint,
  readVarint,
  readVarlong,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from './varint.ts';
import { utf8PointAt, utf8SequenceLength } from './utf8-sequence.ts';

const empty = new Uint8Array(0);
const twoTo32 = 4294967296;

/**
 * Big-endian reads that never throw: one that does not fit sets `failed`, and from then on every
 * read gives zero or nothing. Whoever decodes hostile bytes checks `failed` once, at the end.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;
  failed = false;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    if (start < 0 || end > bytes.length || start > end) this.fail();
  }

  get remaining(): number {
    return this.failed ? 0 : this.end - this.position;
  }

  fail(): void {
    this.failed = true;
  }

  int8(): number {
    return (this.uint8() << 24) >> 24;
  }

  uint8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : (this.bytes[at] as number);
  }

  boolean(): boolean {
    return this.uint8() !== 0;
  }

  int16(): number {
    return (this.uint16() << 16) >> 16;
  }

  uint16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  int32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : int32At(this.bytes, at);
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A 64-bit integer as a number; fails outside of ±(2^53 - 1). */
  int64(): number {
    const at = this.#take(8);
    if (at < 0) return 0;
    const value = int64At(this.bytes, at);
    if (Number.isSafeInteger(value)) return value;
    this.fail();
    return 0;
  }

  bigInt64(): bigint {
    const at = this.#take(8);
    return at < 0 ? 0n : bigInt64At(this.bytes, at);
  }

  unsignedVarint(): number {
    return this.failed ? 0 : readUnsignedVarint(this);
  }

  varint(): number {
    return this.failed ? 0 : readVarint(this);
  }

  varlong(): number {
    return this.failed ? 0 : readVarlong(this);
  }

  /** A view, not a copy, of the next `length` bytes. */
  view(length: number): Uint8Array {
    const at = this.#take(length);
    return at < 0 ? empty : this.bytes.subarray(at, at + length);
  }

  /** The next `length` bytes as text; malformed UTF-8 becomes U+FFFD. */
  utf8(length: number): string {
    const at = this.#take(length);
    return at < 0 ? '' : utf8Decode(this.bytes, at, at + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** Where the next `length` bytes begin, or -1. */
  #take(length: number): number {
    const at = this.position;
    if (this.failed || length < 0 || length > this.end - at) {
      this.failed = true;
      return -1;
    }
    this.position = at + length;
    return at;
  }
}

/**
 * Room behind what a buffer grew for: the few fields that follow the records of a Fetch must not
 * double and copy megabytes.
 */
const growthSpareBytes = 256;

/** Big-endian writes into a buffer that grows by doubling. */
export class ByteWriter {
  /** The buffer behind it; replaced when it grows. Bytes at or after `position` mean nothing. */
  bytes: Uint8Array;
  position = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `length` more bytes and returns where they begin, without moving `position`. */
  ensure(length: number): number {
    const needed = this.position + length;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed + growthSpareBytes, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.position));
      this.bytes = grown;
    }
    return this.position;
  }

  int8(value: number): void {
    const at = this.ensure(1);
    this.bytes[at] = value;
    this.position = at + 1;
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int16(value: number): void {
    const at = this.ensure(2);
    setInt16(this.bytes, at, value);
    this.position = at + 2;
  }

  int32(value: number): void {
    const at = this.ensure(4);
    setInt32(this.bytes, at, value);
    this.position = at + 4;
  }

  int64(value: number): void {
    const at = this.ensure(8);
    setInt64(this.bytes, at, value);
    this.position = at + 8;
  }

  bigInt64(value: bigint): void {
    const at = this.ensure(8);
    setBigInt64(this.bytes, at, value);
    this.position = at + 8;
  }

  unsignedVarint(value: number): void {
    const at = this.ensure(5);
    this.position = writeUnsignedVarint(this.bytes, at, value);
  }

  varint(value: number): void {
    const at = this.ensure(5);
    this.position = writeVarint(this.bytes, at, value);
  }

  varlong(value: number): void {
    const at = this.ensure(10);
    this.position = writeVarlong(this.bytes, at, value);
  }

  raw(bytes: Uint8Array): void {
    const at = this.ensure(bytes.length);
    this.bytes.set(bytes, at);
    this.position = at + bytes.length;
  }

  utf8(text: string): void {
    const at = this.ensure(text.length * 3);
    this.position = utf8Write(text, this.bytes, at);
  }

  /** What was written; a view that the next write after `reset` overwrites. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.position);
  }

  /** What was written, in an array of its own. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.position);
  }

  reset(): void {
    this.position = 0;
  }
}

/** The signed 32-bit integer at `at`; the room must be there. */
export const int32At = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 24) |
  ((bytes[at + 1] as number) << 16) |
  ((bytes[at + 2] as number) << 8) |
  (bytes[at + 3] as number);

/** The signed 16-bit integer at `at`. */
export const int16At = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) << 24) >> 16) | (bytes[at + 1] as number);

/**
 * The 64-bit integer at `at` as a double: exact only if it is a safe integer, which the caller
 * checks.
 */
export const int64At = (bytes: Uint8Array, at: number): number =>
  int32At(bytes, at) * twoTo32 + (int32At(bytes, at + 4) >>> 0);

/** The signed 64-bit integer at `at`, exact. */
export const bigInt64At = (bytes: Uint8Array, at: number): bigint =>
  (BigInt(int32At(bytes, at)) << 32n) | BigInt(int32At(bytes, at + 4) >>> 0);

/** Writes 16 bits at `at`; the room must be there. */
export function setInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

/** Writes 32 bits at `at`. */
export function setInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** Writes a safe integer as 64 bits at `at`. */
export function setInt64(bytes: Uint8Array, at: number, value: number): void {
  assert(Number.isSafeInteger(value), 'a 64-bit number on the wire is a safe integer');
  setInt32(bytes, at, Math.floor(value / twoTo32));
  setInt32(bytes, at + 4, value | 0);
}

/** Writes the low 64 bits of `value` at `at`. */
export function setBigInt64(bytes: Uint8Array, at: number, value: bigint): void {
  setInt32(bytes, at, Number(BigInt.asIntN(32, value >> 32n)));
  setInt32(bytes, at + 4, Number(BigInt.asIntN(32, value)));
}

/** Whether two arrays hold the same bytes. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** The chunks one behind the other in a new array. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

/** Bytes of `text` in UTF-8. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (isPairAt(text, index)) {
      length += 2;
      index++;
    } else length += 2;
  }
  return length;
}

/** `text` in UTF-8, in a new array; a lone surrogate becomes U+FFFD. */
export function utf8Encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  utf8Write(text, bytes, 0);
  return bytes;
}

/**
 * Writes `text` at `at` and returns the position behind it; the room (three bytes a unit at most)
 * must be there.
 */
export function utf8Write(text: string, bytes: Uint8Array, at: number): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes[at++] = unit;
    else if (isPairAt(text, index)) at = writePoint(bytes, at, text.codePointAt(index++) as number);
    else at = writePoint(bytes, at, unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit);
  }
  return at;
}

function isPairAt(text: string, index: number): boolean {
  const point = text.codePointAt(index);
  return point !== undefined && point > 0xffff;
}

function writePoint(bytes: Uint8Array, at: number, point: number): number {
  if (point < 0x800) bytes[at++] = 0xc0 | (point >> 6);
  else {
    if (point < 0x10000) bytes[at++] = 0xe0 | (point >> 12);
    else {
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
    }
    bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
  }
  bytes[at++] = 0x80 | (point & 0x3f);
  return at;
}

/** Bytes [start, end) as text; malformed sequences become U+FFFD, as the Encoding standard says. */
export function utf8Decode(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  // By pieces: text that grows by single characters takes 32 bytes for each of them.
  const units = new Array<number>(Math.min(Math.max(end - start, 0), textUnitsMax) + 1);
  let text = '';
  let count = 0;
  for (let at = start; at < end;) {
    if (count >= textUnitsMax) {
      text += stringOf(units, count);
      count = 0;
    }
    const byte = bytes[at] as number;
    if (byte < 0x80) {
      units[count++] = byte;
      at++;
      continue;
    }
    const size = utf8SequenceLength(bytes, at, end);
    const point = size > 0 ? utf8PointAt(bytes, at, size) : 0xfffd;
    if (point > 0xffff) units[count++] = 0xd7c0 + (point >> 10);
    units[count++] = point > 0xffff ? 0xdc00 | (point & 0x3ff) : point;
    at += Math.abs(size);
  }
  return text + stringOf(units, count);
}

const textUnitsMax = 1_024;

/** What is behind `count` is cut off; a typed array would be copied element by element. */
function stringOf(units: number[], count: number): string {
  units.length = count;
  return String.fromCharCode.apply(undefined, units);
}

/** Whether bytes [start, end) are well-formed UTF-8. */
export function isUtf8(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
  for (let at = start; at < end;) {
    const size = (bytes[at] as number) < 0x80 ? 1 : utf8SequenceLength(bytes, at, end);
    if (size < 0) return false;
    at += size;
  }
  return true;
}
