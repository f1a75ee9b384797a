/**
 * Length of the well-formed sequence at `at`, or minus the length of its longest malformed start.
 */
export function utf8SequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let index = 1; index < size; index++) {
    const next = at + index < end ? (bytes[at + index] as number) : 0;
    if (next < low || next > high) return -index;
    low = 0x80;
    high = 0xbf;
  }
  return size;
}

/** The code point of the well-formed sequence of `size` bytes at `at`. */
export function utf8PointAt(bytes: Uint8Array, at: number, size: number): number {
  let point = (bytes[at] as number) & (0xff >> (size + 1));
  for (let index = 1; index < size; index++) {
    point = (point << 6) | ((bytes[at + index] as number) & 0x3f);
  }
  return point;
}
