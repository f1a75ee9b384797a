import type { ByteReader } from '../../base/bytes.ts';
import { ByteWriter, utf8Encode } from '../../base/bytes.ts';

/** One header of a record. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** The encoded headers of a record that has none. */
export const noRecordHeaders: Uint8Array = Uint8Array.of(0);

/**
 * Headers as they lie in a record, count first: what the builder takes, encoded once and used for
 * many records.
 */
export function encodeRecordHeaders(headers: readonly RecordHeader[]): Uint8Array {
  const writer = new ByteWriter(64);
  writer.varint(headers.length);
  for (const { key, value } of headers) {
    writeSized(writer, utf8Encode(key));
    writeSized(writer, value);
  }
  return writer.copy();
}

function writeSized(writer: ByteWriter, bytes: Uint8Array | undefined): void {
  writer.varint(bytes === undefined ? -1 : bytes.length);
  if (bytes !== undefined) writer.raw(bytes);
}

/** Reads the headers that begin at the reader's place. On malformed bytes the reader has failed. */
export function readRecordHeaders(reader: ByteReader): readonly RecordHeader[] {
  const headers: RecordHeader[] = [];
  const count = reader.varint();
  if (count < 0) reader.fail();
  for (let left = count; left > 0 && !reader.failed; left--) {
    const key = reader.utf8(reader.varint());
    headers.push({ key, value: readSized(reader) });
  }
  return headers;
}

function readSized(reader: ByteReader): Uint8Array | undefined {
  const length = reader.varint();
  return length === -1 ? undefined : reader.view(length);
}
