// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface InitProducerIdRequest {
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export interface InitProducerIdResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

function readInitProducerIdRequest(reader: ProtocolReader, version: number): InitProducerIdRequest {
  const flexible = version >= 2;
  const value: InitProducerIdRequest = {
    transactionalId: reader.nullableString(flexible),
    transactionTimeoutMs: reader.int32(),
    producerId: version >= 3 ? reader.bigInt64() : -1n,
    producerEpoch: version >= 3 ? reader.int16() : -1,
  };
  if (flexible) reader.skipTags();
  return value;
}

function readInitProducerIdResponse(
  reader: ProtocolReader,
  version: number,
): InitProducerIdResponse {
  const flexible = version >= 2;
  const value: InitProducerIdResponse = {
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    producerId: reader.bigInt64(),
    producerEpoch: reader.int16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeInitProducerIdRequest(
  writer: ProtocolWriter,
  value: InitProducerIdRequest,
  version: number,
): void {
  const flexible = version >= 2;
  writer.nullableString(value.transactionalId, flexible);
  writer.int32(value.transactionTimeoutMs);
  if (version >= 3) {
    writer.bigInt64(value.producerId);
  }
  if (version >= 3) {
    writer.int16(value.producerEpoch);
  }
  if (flexible) writer.tagCount();
}

function writeInitProducerIdResponse(
  writer: ProtocolWriter,
  value: InitProducerIdResponse,
  version: number,
): void {
  const flexible = version >= 2;
  writer.int32(value.throttleTimeMs);
  writer.int16(value.errorCode);
  writer.bigInt64(value.producerId);
  writer.int16(value.producerEpoch);
  if (flexible) writer.tagCount();
}

/** InitProducerId, API key 22. */
export const initProducerIdCodec: ApiCodec<InitProducerIdRequest, InitProducerIdResponse> = {
  key: 22,
  name: 'InitProducerId',
  versionMin: 0,
  versionMax: 4,
  flexibleFrom: 2,
  readRequest: readInitProducerIdRequest,
  writeRequest: writeInitProducerIdRequest,
  readResponse: readInitProducerIdResponse,
  writeResponse: writeInitProducerIdResponse,
};
