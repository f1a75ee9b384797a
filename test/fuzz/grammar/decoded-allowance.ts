/**
 * JavaScript pays for each element of an array, not for its bytes on the wire. The decoder bounds
 * that by its body's bytes (`kafkaDecodedBytesPerByte`), but for the arrays themselves, which may
 * be empty: bodies of the smallest elements take this much on top of what is allowed for all.
 */
export const decodedAllowance = (inputBytes: number): number => 64 * 1024 + 8 * inputBytes;
