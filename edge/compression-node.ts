import { gunzipSync, gzipSync } from 'node:zlib';

import type { Compression, CompressionType } from '../src/ports/compression.ts';

/** What Node's own zlib can do: gzip. */
export const compressionNode: Compression = {
  supports: (type: CompressionType): boolean => type === 'none' || type === 'gzip',
  compress: (type: CompressionType, bytes: Uint8Array): Uint8Array =>
    type === 'gzip' ? gzipSync(bytes) : bytes,
  decompress(type: CompressionType, bytes: Uint8Array, bytesMax: number): Uint8Array | undefined {
    if (type === 'none') return bytes.length > bytesMax ? undefined : bytes;
    try {
      return gunzipSync(bytes, { maxOutputLength: bytesMax });
    } catch {
      return undefined;
    }
  },
};
