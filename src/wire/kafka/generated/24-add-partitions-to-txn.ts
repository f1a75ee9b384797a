// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface AddPartitionsToTxnRequestTopic {
  readonly name: string;
  readonly partitions: readonly number[];
}

export interface AddPartitionsToTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly topics: readonly AddPartitionsToTxnRequestTopic[];
}

export interface AddPartitionsToTxnResponsePartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
}

export interface AddPartitionsToTxnResponseTopic {
  readonly name: string;
  readonly results: readonly AddPartitionsToTxnResponsePartition[];
}

export interface AddPartitionsToTxnResponse {
  readonly throttleTimeMs: number;
  readonly results: readonly AddPartitionsToTxnResponseTopic[];
}

function readAddPartitionsToTxnRequestTopic(
  reader: ProtocolReader,
  version: number,
): AddPartitionsToTxnRequestTopic {
  const flexible = version >= 3;
  const value: AddPartitionsToTxnRequestTopic = {
    name: reader.string(flexible),
    partitions: reader.int32Array(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readAddPartitionsToTxnRequest(
  reader: ProtocolReader,
  version: number,
): AddPartitionsToTxnRequest {
  const flexible = version >= 3;
  const value: AddPartitionsToTxnRequest = {
    transactionalId: reader.string(flexible),
    producerId: reader.bigInt64(),
    producerEpoch: reader.int16(),
    topics: reader.array(readAddPartitionsToTxnRequestTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readAddPartitionsToTxnResponsePartition(
  reader: ProtocolReader,
  version: number,
): AddPartitionsToTxnResponsePartition {
  const flexible = version >= 3;
  const value: AddPartitionsToTxnResponsePartition = {
    partitionIndex: reader.int32(),
    errorCode: reader.int16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readAddPartitionsToTxnResponseTopic(
  reader: ProtocolReader,
  version: number,
): AddPartitionsToTxnResponseTopic {
  const flexible = version >= 3;
  const value: AddPartitionsToTxnResponseTopic = {
    name: reader.string(flexible),
    results: reader.array(readAddPartitionsToTxnResponsePartition, version, flexible, 6),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readAddPartitionsToTxnResponse(
  reader: ProtocolReader,
  version: number,
): AddPartitionsToTxnResponse {
  const flexible = version >= 3;
  const value: AddPartitionsToTxnResponse = {
    throttleTimeMs: reader.int32(),
    results: reader.array(readAddPartitionsToTxnResponseTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeAddPartitionsToTxnRequestTopic(
  writer: ProtocolWriter,
  value: AddPartitionsToTxnRequestTopic,
  version: number,
): void {
  const flexible = version >= 3;
  writer.string(value.name, flexible);
  writer.array(value.partitions, (w, element) => w.int32(element), version, flexible);
  if (flexible) writer.tagCount();
}

function writeAddPartitionsToTxnRequest(
  writer: ProtocolWriter,
  value: AddPartitionsToTxnRequest,
  version: number,
): void {
  const flexible = version >= 3;
  writer.string(value.transactionalId, flexible);
  writer.bigInt64(value.producerId);
  writer.int16(value.producerEpoch);
  writer.array(value.topics, writeAddPartitionsToTxnRequestTopic, version, flexible);
  if (flexible) writer.tagCount();
}

function writeAddPartitionsToTxnResponsePartition(
  writer: ProtocolWriter,
  value: AddPartitionsToTxnResponsePartition,
  version: number,
): void {
  const flexible = version >= 3;
  writer.int32(value.partitionIndex);
  writer.int16(value.errorCode);
  if (flexible) writer.tagCount();
}

function writeAddPartitionsToTxnResponseTopic(
  writer: ProtocolWriter,
  value: AddPartitionsToTxnResponseTopic,
  version: number,
): void {
  const flexible = version >= 3;
  writer.string(value.name, flexible);
  writer.array(value.results, writeAddPartitionsToTxnResponsePartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writeAddPartitionsToTxnResponse(
  writer: ProtocolWriter,
  value: AddPartitionsToTxnResponse,
  version: number,
): void {
  const flexible = version >= 3;
  writer.int32(value.throttleTimeMs);
  writer.array(value.results, writeAddPartitionsToTxnResponseTopic, version, flexible);
  if (flexible) writer.tagCount();
}

/** AddPartitionsToTxn, API key 24. */
export const addPartitionsToTxnCodec: ApiCodec<
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse
> = {
  key: 24,
  name: 'AddPartitionsToTxn',
  versionMin: 0,
  versionMax: 3,
  flexibleFrom: 3,
  readRequest: readAddPartitionsToTxnRequest,
  writeRequest: writeAddPartitionsToTxnRequest,
  readResponse: readAddPartitionsToTxnResponse,
  writeResponse: writeAddPartitionsToTxnResponse,
};
