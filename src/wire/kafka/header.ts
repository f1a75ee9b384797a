import { int32At, setInt32 } from '../../base/bytes.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';
import type { ApiCodec, Malformed } from './codec.ts';
import { frameLengthBytes } from './frame.ts';
import { ProtocolReader } from './protocol-reader.ts';
import { ProtocolWriter } from './protocol-writer.ts';

const apiVersionsKey = 18;

/** The part of a request header that every version of every API has. */
export interface RequestStart {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
}

/** What decides the form of a header. */
type Framing = Pick<ApiCodec<unknown, unknown>, 'key' | 'flexibleFrom'>;

/**
 * Whether the header of a response has tagged fields. ApiVersions' never has: its reader cannot
 * know our version.
 */
const isResponseHeaderFlexible = ({ key, flexibleFrom }: Framing, version: number): boolean =>
  key !== apiVersionsKey && version >= flexibleFrom;

/** The first eight bytes of a request frame. */
export function readRequestStart(frame: Uint8Array): Result<RequestStart, Malformed> {
  const reader = new ProtocolReader(frame);
  const start: RequestStart = {
    apiKey: reader.int16(),
    apiVersion: reader.int16(),
    correlationId: reader.int32(),
  };
  return reader.failed ? fail('malformed') : ok(start);
}

/** A decoded request. */
export interface ReceivedRequest<Request> {
  readonly clientId: string | null;
  readonly body: Request;
}

/** The rest of a request frame whose start named this codec and version. */
export function decodeRequest<Request, Response>(
  codec: ApiCodec<Request, Response>,
  version: number,
  frame: Uint8Array,
): Result<ReceivedRequest<Request>, Malformed> {
  const reader = new ProtocolReader(frame);
  reader.skip(8);
  const clientId = reader.nullableString(false);
  if (version >= codec.flexibleFrom) reader.skipTags();
  const body = codec.readRequest(reader, version);
  return reader.failed ? fail('malformed') : ok({ clientId, body });
}

/** Who asks, and the number that the answer will carry. */
export interface RequestIdentity {
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** A whole request frame, length included. */
export function encodeRequest<Request, Response>(
  codec: ApiCodec<Request, Response>,
  version: number,
  identity: RequestIdentity,
  body: Request,
): Uint8Array {
  const writer = new ProtocolWriter();
  writer.int32(0);
  writer.int16(codec.key);
  writer.int16(version);
  writer.int32(identity.correlationId);
  writer.nullableString(identity.clientId, false);
  if (version >= codec.flexibleFrom) writer.tagCount();
  codec.writeRequest(writer, body, version);
  return framed(writer);
}

/** A whole response frame, length included. */
export function encodeResponse<Request, Response>(
  codec: ApiCodec<Request, Response>,
  version: number,
  correlationId: number,
  body: Response,
): Uint8Array {
  const writer = new ProtocolWriter();
  writer.int32(0);
  writer.int32(correlationId);
  if (isResponseHeaderFlexible(codec, version)) writer.tagCount();
  codec.writeResponse(writer, body, version);
  return framed(writer);
}

/** The number of the request that a response frame answers; undefined if the frame is too short. */
export const correlationIdOf = (frame: Uint8Array): number | undefined =>
  frame.length < 4 ? undefined : int32At(frame, 0);

/** The body of a response frame. */
export function decodeResponse<Request, Response>(
  codec: ApiCodec<Request, Response>,
  version: number,
  frame: Uint8Array,
): Result<Response, Malformed> {
  const reader = new ProtocolReader(frame);
  reader.skip(4);
  if (isResponseHeaderFlexible(codec, version)) reader.skipTags();
  const body = codec.readResponse(reader, version);
  return reader.failed ? fail('malformed') : ok(body);
}

function framed(writer: ProtocolWriter): Uint8Array {
  const frame = writer.view();
  setInt32(frame, 0, frame.length - frameLengthBytes);
  return frame;
}
