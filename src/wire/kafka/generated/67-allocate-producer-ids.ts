// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface AllocateProducerIdsRequest {
  readonly brokerId: number;
  readonly brokerEpoch: number;
}

export interface AllocateProducerIdsResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly producerIdStart: number;
  readonly producerIdLen: number;
}

function readAllocateProducerIdsRequest(
  reader: ProtocolReader,
  _version: number,
): AllocateProducerIdsRequest {
  const flexible = true;
  const value: AllocateProducerIdsRequest = {
    brokerId: reader.int32(),
    brokerEpoch: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readAllocateProducerIdsResponse(
  reader: ProtocolReader,
  _version: number,
): AllocateProducerIdsResponse {
  const flexible = true;
  const value: AllocateProducerIdsResponse = {
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    producerIdStart: reader.int64(),
    producerIdLen: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeAllocateProducerIdsRequest(
  writer: ProtocolWriter,
  value: AllocateProducerIdsRequest,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.brokerId);
  writer.int64(value.brokerEpoch);
  if (flexible) writer.tagCount();
}

function writeAllocateProducerIdsResponse(
  writer: ProtocolWriter,
  value: AllocateProducerIdsResponse,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.throttleTimeMs);
  writer.int16(value.errorCode);
  writer.int64(value.producerIdStart);
  writer.int32(value.producerIdLen);
  if (flexible) writer.tagCount();
}

/** AllocateProducerIds, API key 67. */
export const allocateProducerIdsCodec: ApiCodec<
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse
> = {
  key: 67,
  name: 'AllocateProducerIds',
  versionMin: 0,
  versionMax: 0,
  flexibleFrom: 0,
  readRequest: readAllocateProducerIdsRequest,
  writeRequest: writeAllocateProducerIdsRequest,
  readResponse: readAllocateProducerIdsResponse,
  writeResponse: writeAllocateProducerIdsResponse,
};
