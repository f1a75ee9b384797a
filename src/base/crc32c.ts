/**
 * CRC-32C (Castagnoli), eight bytes a step, and the algebra that patches a header without reading
 * the payload.
 */

const polynomial = 0x82f63b78;

/** Table k at k * 256: the effect of a byte followed by k zero bytes. */
const tables = buildTables();
/** x^(2^k) modulo the polynomial. */
const powers = buildPowers();

function buildTables(): Int32Array {
  const table = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const shorter = table[at - 256] as number;
    table[at] = (shorter >>> 8) ^ (table[shorter & 0xff] as number);
  }
  return table;
}

function buildPowers(): Int32Array {
  const list = new Int32Array(32);
  list[0] = 1 << 30;
  for (let k = 1; k < 32; k++) list[k] = multiply(list[k - 1] as number, list[k - 1] as number);
  return list;
}

/** a * b modulo the polynomial; bit 31 is x^0. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let mask = 1 << 31; mask !== 0; mask >>>= 1) {
    if (a & mask) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ polynomial : factor >>> 1;
  }
  return product;
}

/**
 * CRC-32C of bytes [start, end) as an unsigned 32-bit integer. `seed` is the CRC of what came
 * before, so a long input can be given in pieces.
 */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length, seed = 0): number {
  const t = tables;
  let crc = ~seed;
  let at = start;
  for (const blocksEnd = start + ((end - start) & ~7); at < blocksEnd; at += 8) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (t[1792 + (crc & 0xff)] as number) ^
      (t[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (t[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (t[1024 + (crc >>> 24)] as number) ^
      (t[768 + (bytes[at + 4] as number)] as number) ^
      (t[512 + (bytes[at + 5] as number)] as number) ^
      (t[256 + (bytes[at + 6] as number)] as number) ^
      (t[bytes[at + 7] as number] as number);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (t[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

/** A CRC difference moved in front of `length` further bytes: multiplied by x^(8 * length). */
export function crc32cShift(crc: number, length: number): number {
  let factor = 1 << 31;
  let rest = length;
  for (let k = 3; rest > 0; k++) {
    if (rest % 2 === 1) factor = multiply(powers[k % 32] as number, factor);
    rest = Math.floor(rest / 2);
  }
  return multiply(factor, crc) >>> 0;
}

/** CRC of A followed by B, from the CRC of each and B's length in bytes. */
export const crc32cCombine = (crcOfA: number, crcOfB: number, lengthOfB: number): number =>
  (crc32cShift(crcOfA, lengthOfB) ^ crcOfB) >>> 0;
