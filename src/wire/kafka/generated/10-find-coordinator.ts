// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface FindCoordinatorRequest {
  readonly key: string;
  readonly keyType: number;
  readonly coordinatorKeys: readonly string[];
}

export interface FindCoordinatorResponseCoordinator {
  readonly key: string;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface FindCoordinatorResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly coordinators: readonly FindCoordinatorResponseCoordinator[];
}

function readFindCoordinatorRequest(
  reader: ProtocolReader,
  version: number,
): FindCoordinatorRequest {
  const flexible = version >= 3;
  const value: FindCoordinatorRequest = {
    key: version <= 3 ? reader.string(flexible) : '',
    keyType: version >= 1 ? reader.int8() : 0,
    coordinatorKeys:
      version >= 4 ? reader.array((r) => r.string(flexible), version, flexible, 1) : [],
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFindCoordinatorResponseCoordinator(
  reader: ProtocolReader,
  version: number,
): FindCoordinatorResponseCoordinator {
  const flexible = version >= 3;
  const value: FindCoordinatorResponseCoordinator = {
    key: reader.string(flexible),
    nodeId: reader.int32(),
    host: reader.string(flexible),
    port: reader.int32(),
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFindCoordinatorResponse(
  reader: ProtocolReader,
  version: number,
): FindCoordinatorResponse {
  const flexible = version >= 3;
  const value: FindCoordinatorResponse = {
    throttleTimeMs: version >= 1 ? reader.int32() : 0,
    errorCode: version <= 3 ? reader.int16() : 0,
    errorMessage: version >= 1 && version <= 3 ? reader.nullableString(flexible) : null,
    nodeId: version <= 3 ? reader.int32() : 0,
    host: version <= 3 ? reader.string(flexible) : '',
    port: version <= 3 ? reader.int32() : 0,
    coordinators:
      version >= 4
        ? reader.array(readFindCoordinatorResponseCoordinator, version, flexible, 14)
        : [],
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeFindCoordinatorRequest(
  writer: ProtocolWriter,
  value: FindCoordinatorRequest,
  version: number,
): void {
  const flexible = version >= 3;
  if (version <= 3) {
    writer.string(value.key, flexible);
  }
  if (version >= 1) {
    writer.int8(value.keyType);
  }
  if (version >= 4) {
    writer.array(
      value.coordinatorKeys,
      (w, element) => w.string(element, flexible),
      version,
      flexible,
    );
  }
  if (flexible) writer.tagCount();
}

function writeFindCoordinatorResponseCoordinator(
  writer: ProtocolWriter,
  value: FindCoordinatorResponseCoordinator,
  version: number,
): void {
  const flexible = version >= 3;
  writer.string(value.key, flexible);
  writer.int32(value.nodeId);
  writer.string(value.host, flexible);
  writer.int32(value.port);
  writer.int16(value.errorCode);
  writer.nullableString(value.errorMessage, flexible);
  if (flexible) writer.tagCount();
}

function writeFindCoordinatorResponse(
  writer: ProtocolWriter,
  value: FindCoordinatorResponse,
  version: number,
): void {
  const flexible = version >= 3;
  if (version >= 1) {
    writer.int32(value.throttleTimeMs);
  }
  if (version <= 3) {
    writer.int16(value.errorCode);
  }
  if (version >= 1 && version <= 3) {
    writer.nullableString(value.errorMessage, flexible);
  }
  if (version <= 3) {
    writer.int32(value.nodeId);
  }
  if (version <= 3) {
    writer.string(value.host, flexible);
  }
  if (version <= 3) {
    writer.int32(value.port);
  }
  if (version >= 4) {
    writer.array(value.coordinators, writeFindCoordinatorResponseCoordinator, version, flexible);
  }
  if (flexible) writer.tagCount();
}

/** FindCoordinator, API key 10. */
export const findCoordinatorCodec: ApiCodec<FindCoordinatorRequest, FindCoordinatorResponse> = {
  key: 10,
  name: 'FindCoordinator',
  versionMin: 0,
  versionMax: 4,
  flexibleFrom: 3,
  readRequest: readFindCoordinatorRequest,
  writeRequest: writeFindCoordinatorRequest,
  readResponse: readFindCoordinatorResponse,
  writeResponse: writeFindCoordinatorResponse,
};
