// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface OffsetForLeaderEpochRequestPartition {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly leaderEpoch: number;
}

export interface OffsetForLeaderEpochRequestTopic {
  readonly topic: string;
  readonly partitions: readonly OffsetForLeaderEpochRequestPartition[];
}

export interface OffsetForLeaderEpochRequest {
  readonly replicaId: number;
  readonly topics: readonly OffsetForLeaderEpochRequestTopic[];
}

export interface OffsetForLeaderEpochResponsePartition {
  readonly errorCode: number;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

export interface OffsetForLeaderEpochResponseTopic {
  readonly topic: string;
  readonly partitions: readonly OffsetForLeaderEpochResponsePartition[];
}

export interface OffsetForLeaderEpochResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly OffsetForLeaderEpochResponseTopic[];
}

function readOffsetForLeaderEpochRequestPartition(
  reader: ProtocolReader,
  version: number,
): OffsetForLeaderEpochRequestPartition {
  const flexible = version >= 4;
  const value: OffsetForLeaderEpochRequestPartition = {
    partition: reader.int32(),
    currentLeaderEpoch: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readOffsetForLeaderEpochRequestTopic(
  reader: ProtocolReader,
  version: number,
): OffsetForLeaderEpochRequestTopic {
  const flexible = version >= 4;
  const value: OffsetForLeaderEpochRequestTopic = {
    topic: reader.string(flexible),
    partitions: reader.array(readOffsetForLeaderEpochRequestPartition, version, flexible, 12),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readOffsetForLeaderEpochRequest(
  reader: ProtocolReader,
  version: number,
): OffsetForLeaderEpochRequest {
  const flexible = version >= 4;
  const value: OffsetForLeaderEpochRequest = {
    replicaId: version >= 3 ? reader.int32() : -2,
    topics: reader.array(readOffsetForLeaderEpochRequestTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readOffsetForLeaderEpochResponsePartition(
  reader: ProtocolReader,
  version: number,
): OffsetForLeaderEpochResponsePartition {
  const flexible = version >= 4;
  const value: OffsetForLeaderEpochResponsePartition = {
    errorCode: reader.int16(),
    partition: reader.int32(),
    leaderEpoch: reader.int32(),
    endOffset: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readOffsetForLeaderEpochResponseTopic(
  reader: ProtocolReader,
  version: number,
): OffsetForLeaderEpochResponseTopic {
  const flexible = version >= 4;
  const value: OffsetForLeaderEpochResponseTopic = {
    topic: reader.string(flexible),
    partitions: reader.array(readOffsetForLeaderEpochResponsePartition, version, flexible, 18),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readOffsetForLeaderEpochResponse(
  reader: ProtocolReader,
  version: number,
): OffsetForLeaderEpochResponse {
  const flexible = version >= 4;
  const value: OffsetForLeaderEpochResponse = {
    throttleTimeMs: reader.int32(),
    topics: reader.array(readOffsetForLeaderEpochResponseTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeOffsetForLeaderEpochRequestPartition(
  writer: ProtocolWriter,
  value: OffsetForLeaderEpochRequestPartition,
  version: number,
): void {
  const flexible = version >= 4;
  writer.int32(value.partition);
  writer.int32(value.currentLeaderEpoch);
  writer.int32(value.leaderEpoch);
  if (flexible) writer.tagCount();
}

function writeOffsetForLeaderEpochRequestTopic(
  writer: ProtocolWriter,
  value: OffsetForLeaderEpochRequestTopic,
  version: number,
): void {
  const flexible = version >= 4;
  writer.string(value.topic, flexible);
  writer.array(value.partitions, writeOffsetForLeaderEpochRequestPartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writeOffsetForLeaderEpochRequest(
  writer: ProtocolWriter,
  value: OffsetForLeaderEpochRequest,
  version: number,
): void {
  const flexible = version >= 4;
  if (version >= 3) {
    writer.int32(value.replicaId);
  }
  writer.array(value.topics, writeOffsetForLeaderEpochRequestTopic, version, flexible);
  if (flexible) writer.tagCount();
}

function writeOffsetForLeaderEpochResponsePartition(
  writer: ProtocolWriter,
  value: OffsetForLeaderEpochResponsePartition,
  version: number,
): void {
  const flexible = version >= 4;
  writer.int16(value.errorCode);
  writer.int32(value.partition);
  writer.int32(value.leaderEpoch);
  writer.int64(value.endOffset);
  if (flexible) writer.tagCount();
}

function writeOffsetForLeaderEpochResponseTopic(
  writer: ProtocolWriter,
  value: OffsetForLeaderEpochResponseTopic,
  version: number,
): void {
  const flexible = version >= 4;
  writer.string(value.topic, flexible);
  writer.array(value.partitions, writeOffsetForLeaderEpochResponsePartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writeOffsetForLeaderEpochResponse(
  writer: ProtocolWriter,
  value: OffsetForLeaderEpochResponse,
  version: number,
): void {
  const flexible = version >= 4;
  writer.int32(value.throttleTimeMs);
  writer.array(value.topics, writeOffsetForLeaderEpochResponseTopic, version, flexible);
  if (flexible) writer.tagCount();
}

/** OffsetForLeaderEpoch, API key 23. */
export const offsetForLeaderEpochCodec: ApiCodec<
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse
> = {
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versionMin: 2,
  versionMax: 4,
  flexibleFrom: 4,
  readRequest: readOffsetForLeaderEpochRequest,
  writeRequest: writeOffsetForLeaderEpochRequest,
  readResponse: readOffsetForLeaderEpochResponse,
  writeResponse: writeOffsetForLeaderEpochResponse,
};
