// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface AlterReplicasRequest {
  readonly topic: string;
  readonly replicas: number;
}

export interface AlterReplicasResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

function readAlterReplicasRequest(reader: ProtocolReader, _version: number): AlterReplicasRequest {
  const flexible = true;
  const value: AlterReplicasRequest = {
    topic: reader.string(flexible),
    replicas: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readAlterReplicasResponse(
  reader: ProtocolReader,
  _version: number,
): AlterReplicasResponse {
  const flexible = true;
  const value: AlterReplicasResponse = {
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeAlterReplicasRequest(
  writer: ProtocolWriter,
  value: AlterReplicasRequest,
  _version: number,
): void {
  const flexible = true;
  writer.string(value.topic, flexible);
  writer.int32(value.replicas);
  if (flexible) writer.tagCount();
}

function writeAlterReplicasResponse(
  writer: ProtocolWriter,
  value: AlterReplicasResponse,
  _version: number,
): void {
  const flexible = true;
  writer.int16(value.errorCode);
  writer.nullableString(value.errorMessage, flexible);
  if (flexible) writer.tagCount();
}

/** AlterReplicas, API key 10002. */
export const alterReplicasCodec: ApiCodec<AlterReplicasRequest, AlterReplicasResponse> = {
  key: 10002,
  name: 'AlterReplicas',
  versionMin: 0,
  versionMax: 0,
  flexibleFrom: 0,
  readRequest: readAlterReplicasRequest,
  writeRequest: writeAlterReplicasRequest,
  readResponse: readAlterReplicasResponse,
  writeResponse: writeAlterReplicasResponse,
};
