/** A text for each key, another one for another key; a key may be any bytes. */
export const keyText = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1');
