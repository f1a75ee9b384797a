/** Kafka's codec numbers, attributes bits 0-2 of a record batch. */
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Synchronous: used by the forwarder and readers, never on the ingest path. */
export interface Compression {
  /** Whether this process can read and write that codec. */
  supports(type: CompressionType): boolean;
  compress(type: CompressionType, bytes: Uint8Array): Uint8Array;
  /** The bytes, or undefined if they are malformed or would grow past `bytesMax`. */
  decompress(type: CompressionType, bytes: Uint8Array, bytesMax: number): Uint8Array | undefined;
}
