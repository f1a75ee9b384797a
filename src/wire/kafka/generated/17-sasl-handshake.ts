// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface SaslHandshakeRequest {
  readonly mechanism: string;
}

export interface SaslHandshakeResponse {
  readonly errorCode: number;
  readonly mechanisms: readonly string[];
}

function readSaslHandshakeRequest(reader: ProtocolReader, _version: number): SaslHandshakeRequest {
  const flexible = false;
  const value: SaslHandshakeRequest = {
    mechanism: reader.string(flexible),
  };
  return value;
}

function readSaslHandshakeResponse(reader: ProtocolReader, version: number): SaslHandshakeResponse {
  const flexible = false;
  const value: SaslHandshakeResponse = {
    errorCode: reader.int16(),
    mechanisms: reader.array((r) => r.string(flexible), version, flexible, 2),
  };
  return value;
}

function writeSaslHandshakeRequest(
  writer: ProtocolWriter,
  value: SaslHandshakeRequest,
  _version: number,
): void {
  const flexible = false;
  writer.string(value.mechanism, flexible);
}

function writeSaslHandshakeResponse(
  writer: ProtocolWriter,
  value: SaslHandshakeResponse,
  version: number,
): void {
  const flexible = false;
  writer.int16(value.errorCode);
  writer.array(value.mechanisms, (w, element) => w.string(element, flexible), version, flexible);
}

/** SaslHandshake, API key 17. */
export const saslHandshakeCodec: ApiCodec<SaslHandshakeRequest, SaslHandshakeResponse> = {
  key: 17,
  name: 'SaslHandshake',
  versionMin: 0,
  versionMax: 1,
  flexibleFrom: Infinity,
  readRequest: readSaslHandshakeRequest,
  writeRequest: writeSaslHandshakeRequest,
  readResponse: readSaslHandshakeResponse,
  writeResponse: writeSaslHandshakeResponse,
};
