// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface EndTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly committed: boolean;
}

export interface EndTxnResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
}

function readEndTxnRequest(reader: ProtocolReader, version: number): EndTxnRequest {
  const flexible = version >= 3;
  const value: EndTxnRequest = {
    transactionalId: reader.string(flexible),
    producerId: reader.bigInt64(),
    producerEpoch: reader.int16(),
    committed: reader.boolean(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readEndTxnResponse(reader: ProtocolReader, version: number): EndTxnResponse {
  const flexible = version >= 3;
  const value: EndTxnResponse = {
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeEndTxnRequest(writer: ProtocolWriter, value: EndTxnRequest, version: number): void {
  const flexible = version >= 3;
  writer.string(value.transactionalId, flexible);
  writer.bigInt64(value.producerId);
  writer.int16(value.producerEpoch);
  writer.boolean(value.committed);
  if (flexible) writer.tagCount();
}

function writeEndTxnResponse(writer: ProtocolWriter, value: EndTxnResponse, version: number): void {
  const flexible = version >= 3;
  writer.int32(value.throttleTimeMs);
  writer.int16(value.errorCode);
  if (flexible) writer.tagCount();
}

/** EndTxn, API key 26. */
export const endTxnCodec: ApiCodec<EndTxnRequest, EndTxnResponse> = {
  key: 26,
  name: 'EndTxn',
  versionMin: 0,
  versionMax: 3,
  flexibleFrom: 3,
  readRequest: readEndTxnRequest,
  writeRequest: writeEndTxnRequest,
  readResponse: readEndTxnResponse,
  writeResponse: writeEndTxnResponse,
};
