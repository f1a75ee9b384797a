const replaced = Buffer.from([0xef, 0xbf, 0xbd]);

/**
 * What was decoded cannot take more bytes than it was decoded from, or it was read from behind the
 * end; malformed text alone grows.
 */
export function expectNoMoreThanThereWas(encoded: Uint8Array, bytesRead: number): void {
  if (encoded.length <= bytesRead || Buffer.from(encoded).includes(replaced)) return;
  throw new Error(`${encoded.length} bytes were made of ${bytesRead}`);
}
