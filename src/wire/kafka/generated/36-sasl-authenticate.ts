// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface SaslAuthenticateRequest {
  readonly authBytes: Uint8Array;
}

export interface SaslAuthenticateResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly authBytes: Uint8Array;
  readonly sessionLifetimeMs: number;
}

function readSaslAuthenticateRequest(
  reader: ProtocolReader,
  version: number,
): SaslAuthenticateRequest {
  const flexible = version >= 2;
  const value: SaslAuthenticateRequest = {
    authBytes: reader.sizedBytes(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readSaslAuthenticateResponse(
  reader: ProtocolReader,
  version: number,
): SaslAuthenticateResponse {
  const flexible = version >= 2;
  const value: SaslAuthenticateResponse = {
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(flexible),
    authBytes: reader.sizedBytes(flexible),
    sessionLifetimeMs: version >= 1 ? reader.int64() : 0,
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeSaslAuthenticateRequest(
  writer: ProtocolWriter,
  value: SaslAuthenticateRequest,
  version: number,
): void {
  const flexible = version >= 2;
  writer.sizedBytes(value.authBytes, flexible);
  if (flexible) writer.tagCount();
}

function writeSaslAuthenticateResponse(
  writer: ProtocolWriter,
  value: SaslAuthenticateResponse,
  version: number,
): void {
  const flexible = version >= 2;
  writer.int16(value.errorCode);
  writer.nullableString(value.errorMessage, flexible);
  writer.sizedBytes(value.authBytes, flexible);
  if (version >= 1) {
    writer.int64(value.sessionLifetimeMs);
  }
  if (flexible) writer.tagCount();
}

/** SaslAuthenticate, API key 36. */
export const saslAuthenticateCodec: ApiCodec<SaslAuthenticateRequest, SaslAuthenticateResponse> = {
  key: 36,
  name: 'SaslAuthenticate',
  versionMin: 0,
  versionMax: 2,
  flexibleFrom: 2,
  readRequest: readSaslAuthenticateRequest,
  writeRequest: writeSaslAuthenticateRequest,
  readResponse: readSaslAuthenticateResponse,
  writeResponse: writeSaslAuthenticateResponse,
};
