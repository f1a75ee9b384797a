// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface ListOffsetsRequestPartition {
  readonly partitionIndex: number;
  readonly currentLeaderEpoch: number;
  readonly timestamp: number;
}

export interface ListOffsetsRequestTopic {
  readonly name: string;
  readonly partitions: readonly ListOffsetsRequestPartition[];
}

export interface ListOffsetsRequest {
  readonly replicaId: number;
  readonly isolationLevel: number;
  readonly topics: readonly ListOffsetsRequestTopic[];
}

export interface ListOffsetsResponsePartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

export interface ListOffsetsResponseTopic {
  readonly name: string;
  readonly partitions: readonly ListOffsetsResponsePartition[];
}

export interface ListOffsetsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly ListOffsetsResponseTopic[];
}

function readListOffsetsRequestPartition(
  reader: ProtocolReader,
  version: number,
): ListOffsetsRequestPartition {
  const flexible = version >= 6;
  const value: ListOffsetsRequestPartition = {
    partitionIndex: reader.int32(),
    currentLeaderEpoch: version >= 4 ? reader.int32() : -1,
    timestamp: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readListOffsetsRequestTopic(
  reader: ProtocolReader,
  version: number,
): ListOffsetsRequestTopic {
  const flexible = version >= 6;
  const value: ListOffsetsRequestTopic = {
    name: reader.string(flexible),
    partitions: reader.array(readListOffsetsRequestPartition, version, flexible, 12),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readListOffsetsRequest(reader: ProtocolReader, version: number): ListOffsetsRequest {
  const flexible = version >= 6;
  const value: ListOffsetsRequest = {
    replicaId: reader.int32(),
    isolationLevel: version >= 2 ? reader.int8() : 0,
    topics: reader.array(readListOffsetsRequestTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readListOffsetsResponsePartition(
  reader: ProtocolReader,
  version: number,
): ListOffsetsResponsePartition {
  const flexible = version >= 6;
  const value: ListOffsetsResponsePartition = {
    partitionIndex: reader.int32(),
    errorCode: reader.int16(),
    timestamp: reader.int64(),
    offset: reader.int64(),
    leaderEpoch: version >= 4 ? reader.int32() : -1,
  };
  if (flexible) reader.skipTags();
  return value;
}

function readListOffsetsResponseTopic(
  reader: ProtocolReader,
  version: number,
): ListOffsetsResponseTopic {
  const flexible = version >= 6;
  const value: ListOffsetsResponseTopic = {
    name: reader.string(flexible),
    partitions: reader.array(readListOffsetsResponsePartition, version, flexible, 22),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readListOffsetsResponse(reader: ProtocolReader, version: number): ListOffsetsResponse {
  const flexible = version >= 6;
  const value: ListOffsetsResponse = {
    throttleTimeMs: version >= 2 ? reader.int32() : 0,
    topics: reader.array(readListOffsetsResponseTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeListOffsetsRequestPartition(
  writer: ProtocolWriter,
  value: ListOffsetsRequestPartition,
  version: number,
): void {
  const flexible = version >= 6;
  writer.int32(value.partitionIndex);
  if (version >= 4) {
    writer.int32(value.currentLeaderEpoch);
  }
  writer.int64(value.timestamp);
  if (flexible) writer.tagCount();
}

function writeListOffsetsRequestTopic(
  writer: ProtocolWriter,
  value: ListOffsetsRequestTopic,
  version: number,
): void {
  const flexible = version >= 6;
  writer.string(value.name, flexible);
  writer.array(value.partitions, writeListOffsetsRequestPartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writeListOffsetsRequest(
  writer: ProtocolWriter,
  value: ListOffsetsRequest,
  version: number,
): void {
  const flexible = version >= 6;
  writer.int32(value.replicaId);
  if (version >= 2) {
    writer.int8(value.isolationLevel);
  }
  writer.array(value.topics, writeListOffsetsRequestTopic, version, flexible);
  if (flexible) writer.tagCount();
}

function writeListOffsetsResponsePartition(
  writer: ProtocolWriter,
  value: ListOffsetsResponsePartition,
  version: number,
): void {
  const flexible = version >= 6;
  writer.int32(value.partitionIndex);
  writer.int16(value.errorCode);
  writer.int64(value.timestamp);
  writer.int64(value.offset);
  if (version >= 4) {
    writer.int32(value.leaderEpoch);
  }
  if (flexible) writer.tagCount();
}

function writeListOffsetsResponseTopic(
  writer: ProtocolWriter,
  value: ListOffsetsResponseTopic,
  version: number,
): void {
  const flexible = version >= 6;
  writer.string(value.name, flexible);
  writer.array(value.partitions, writeListOffsetsResponsePartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writeListOffsetsResponse(
  writer: ProtocolWriter,
  value: ListOffsetsResponse,
  version: number,
): void {
  const flexible = version >= 6;
  if (version >= 2) {
    writer.int32(value.throttleTimeMs);
  }
  writer.array(value.topics, writeListOffsetsResponseTopic, version, flexible);
  if (flexible) writer.tagCount();
}

/** ListOffsets, API key 2. */
export const listOffsetsCodec: ApiCodec<ListOffsetsRequest, ListOffsetsResponse> = {
  key: 2,
  name: 'ListOffsets',
  versionMin: 1,
  versionMax: 7,
  flexibleFrom: 6,
  readRequest: readListOffsetsRequest,
  writeRequest: writeListOffsetsRequest,
  readResponse: readListOffsetsResponse,
  writeResponse: writeListOffsetsResponse,
};
