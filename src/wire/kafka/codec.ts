import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';
import { ProtocolReader } from './protocol-reader.ts';
import { ProtocolWriter } from './protocol-writer.ts';

/** The generated codec of one API key. Versions outside of the range are the caller's bug. */
export interface ApiCodec<Request, Response> {
  readonly key: number;
  readonly name: string;
  readonly versionMin: number;
  readonly versionMax: number;
  /** First version with flexible headers and bodies; Infinity if none has them. */
  readonly flexibleFrom: number;
  readonly readRequest: (reader: ProtocolReader, version: number) => Request;
  readonly writeRequest: (writer: ProtocolWriter, request: Request, version: number) => void;
  readonly readResponse: (reader: ProtocolReader, version: number) => Response;
  readonly writeResponse: (writer: ProtocolWriter, response: Response, version: number) => void;
}

/** The bytes break the protocol. */
export type Malformed = 'malformed';

/**
 * Reads what `read` reads, totally: malformed bytes are a value. Bytes behind the body are ignored,
 * as Kafka does.
 */
export function decodeBody<T>(
  read: (reader: ProtocolReader, version: number) => T,
  bytes: Uint8Array,
  version: number,
  start = 0,
): Result<T, Malformed> {
  const reader = new ProtocolReader(bytes, start);
  const body = read(reader, version);
  return reader.failed ? fail('malformed') : ok(body);
}

/** The bytes of one body, without header and length. */
export function encodeBody<T>(
  write: (writer: ProtocolWriter, body: T, version: number) => void,
  body: T,
  version: number,
): Uint8Array {
  const writer = new ProtocolWriter();
  write(writer, body, version);
  return writer.copy();
}
