// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import { zeroUuid } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface BeginQuorumEpochRequestPartition {
  readonly partitionIndex: number;
  readonly voterDirectoryId: Uuid;
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface BeginQuorumEpochRequestTopic {
  readonly topicName: string;
  readonly topicId: Uuid;
  readonly partitions: readonly BeginQuorumEpochRequestPartition[];
}

export interface BeginQuorumEpochRequestLeaderEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface BeginQuorumEpochRequest {
  readonly clusterId: string | null;
  readonly voterId: number;
  readonly topics: readonly BeginQuorumEpochRequestTopic[];
  readonly leaderEndpoints: readonly BeginQuorumEpochRequestLeaderEndpoint[];
}

export interface BeginQuorumEpochResponsePartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface BeginQuorumEpochResponseTopic {
  readonly topicName: string;
  readonly topicId: Uuid;
  readonly partitions: readonly BeginQuorumEpochResponsePartition[];
}

export interface BeginQuorumEpochResponseNodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface BeginQuorumEpochResponse {
  readonly errorCode: number;
  readonly topics: readonly BeginQuorumEpochResponseTopic[];
  readonly nodeEndpoints: readonly BeginQuorumEpochResponseNodeEndpoint[];
}

function readBeginQuorumEpochRequestPartition(
  reader: ProtocolReader,
  version: number,
): BeginQuorumEpochRequestPartition {
  const flexible = version >= 1;
  const value: BeginQuorumEpochRequestPartition = {
    partitionIndex: reader.int32(),
    voterDirectoryId: version >= 1 ? reader.uuid() : zeroUuid,
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readBeginQuorumEpochRequestTopic(
  reader: ProtocolReader,
  version: number,
): BeginQuorumEpochRequestTopic {
  const flexible = version >= 1;
  const topicName = reader.string(flexible);
  const partitions = reader.array(readBeginQuorumEpochRequestPartition, version, flexible, 12);
  let topicId: Uuid = zeroUuid;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 10000) topicId = reader.uuid();
    else reader.skipTag();
    reader.endTag(end);
  }
  return { topicName, partitions, topicId };
}

function readBeginQuorumEpochRequestLeaderEndpoint(
  reader: ProtocolReader,
  version: number,
): BeginQuorumEpochRequestLeaderEndpoint {
  const flexible = version >= 1;
  const value: BeginQuorumEpochRequestLeaderEndpoint = {
    name: reader.string(flexible),
    host: reader.string(flexible),
    port: reader.uint16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readBeginQuorumEpochRequest(
  reader: ProtocolReader,
  version: number,
): BeginQuorumEpochRequest {
  const flexible = version >= 1;
  const value: BeginQuorumEpochRequest = {
    clusterId: reader.nullableString(flexible),
    voterId: version >= 1 ? reader.int32() : -1,
    topics: reader.array(readBeginQuorumEpochRequestTopic, version, flexible, 3),
    leaderEndpoints:
      version >= 1
        ? reader.array(readBeginQuorumEpochRequestLeaderEndpoint, version, flexible, 5)
        : [],
  };
  if (flexible) reader.skipTags();
  return value;
}

function readBeginQuorumEpochResponsePartition(
  reader: ProtocolReader,
  version: number,
): BeginQuorumEpochResponsePartition {
  const flexible = version >= 1;
  const value: BeginQuorumEpochResponsePartition = {
    partitionIndex: reader.int32(),
    errorCode: reader.int16(),
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readBeginQuorumEpochResponseTopic(
  reader: ProtocolReader,
  version: number,
): BeginQuorumEpochResponseTopic {
  const flexible = version >= 1;
  const topicName = reader.string(flexible);
  const partitions = reader.array(readBeginQuorumEpochResponsePartition, version, flexible, 14);
  let topicId: Uuid = zeroUuid;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 10000) topicId = reader.uuid();
    else reader.skipTag();
    reader.endTag(end);
  }
  return { topicName, partitions, topicId };
}

function readBeginQuorumEpochResponseNodeEndpoint(
  reader: ProtocolReader,
  version: number,
): BeginQuorumEpochResponseNodeEndpoint {
  const flexible = version >= 1;
  const value: BeginQuorumEpochResponseNodeEndpoint = {
    nodeId: reader.int32(),
    host: reader.string(flexible),
    port: reader.uint16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readBeginQuorumEpochResponse(
  reader: ProtocolReader,
  version: number,
): BeginQuorumEpochResponse {
  const flexible = version >= 1;
  const errorCode = reader.int16();
  const topics = reader.array(readBeginQuorumEpochResponseTopic, version, flexible, 3);
  let nodeEndpoints: readonly BeginQuorumEpochResponseNodeEndpoint[] = [];
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0)
      nodeEndpoints = reader.array(readBeginQuorumEpochResponseNodeEndpoint, version, flexible, 8);
    else reader.skipTag();
    reader.endTag(end);
  }
  return { errorCode, topics, nodeEndpoints };
}

function writeBeginQuorumEpochRequestPartition(
  writer: ProtocolWriter,
  value: BeginQuorumEpochRequestPartition,
  version: number,
): void {
  const flexible = version >= 1;
  writer.int32(value.partitionIndex);
  if (version >= 1) {
    writer.uuid(value.voterDirectoryId);
  }
  writer.int32(value.leaderId);
  writer.int32(value.leaderEpoch);
  if (flexible) writer.tagCount();
}

function writeBeginQuorumEpochRequestTopic(
  writer: ProtocolWriter,
  value: BeginQuorumEpochRequestTopic,
  version: number,
): void {
  const flexible = version >= 1;
  writer.string(value.topicName, flexible);
  writer.array(value.partitions, writeBeginQuorumEpochRequestPartition, version, flexible);
  if (flexible) {
    const { topicId } = value;
    const hasTopicId = topicId !== zeroUuid;
    writer.tagCount(hasTopicId ? 1 : 0);
    if (hasTopicId) {
      writer.beginTag(10000, 16);
      writer.uuid(topicId);
    }
  }
}

function writeBeginQuorumEpochRequestLeaderEndpoint(
  writer: ProtocolWriter,
  value: BeginQuorumEpochRequestLeaderEndpoint,
  version: number,
): void {
  const flexible = version >= 1;
  writer.string(value.name, flexible);
  writer.string(value.host, flexible);
  writer.int16(value.port);
  if (flexible) writer.tagCount();
}

function writeBeginQuorumEpochRequest(
  writer: ProtocolWriter,
  value: BeginQuorumEpochRequest,
  version: number,
): void {
  const flexible = version >= 1;
  writer.nullableString(value.clusterId, flexible);
  if (version >= 1) {
    writer.int32(value.voterId);
  }
  writer.array(value.topics, writeBeginQuorumEpochRequestTopic, version, flexible);
  if (version >= 1) {
    writer.array(
      value.leaderEndpoints,
      writeBeginQuorumEpochRequestLeaderEndpoint,
      version,
      flexible,
    );
  }
  if (flexible) writer.tagCount();
}

function writeBeginQuorumEpochResponsePartition(
  writer: ProtocolWriter,
  value: BeginQuorumEpochResponsePartition,
  version: number,
): void {
  const flexible = version >= 1;
  writer.int32(value.partitionIndex);
  writer.int16(value.errorCode);
  writer.int32(value.leaderId);
  writer.int32(value.leaderEpoch);
  if (flexible) writer.tagCount();
}

function writeBeginQuorumEpochResponseTopic(
  writer: ProtocolWriter,
  value: BeginQuorumEpochResponseTopic,
  version: number,
): void {
  const flexible = version >= 1;
  writer.string(value.topicName, flexible);
  writer.array(value.partitions, writeBeginQuorumEpochResponsePartition, version, flexible);
  if (flexible) {
    const { topicId } = value;
    const hasTopicId = topicId !== zeroUuid;
    writer.tagCount(hasTopicId ? 1 : 0);
    if (hasTopicId) {
      writer.beginTag(10000, 16);
      writer.uuid(topicId);
    }
  }
}

function writeBeginQuorumEpochResponseNodeEndpoint(
  writer: ProtocolWriter,
  value: BeginQuorumEpochResponseNodeEndpoint,
  version: number,
): void {
  const flexible = version >= 1;
  writer.int32(value.nodeId);
  writer.string(value.host, flexible);
  writer.int16(value.port);
  if (flexible) writer.tagCount();
}

function writeBeginQuorumEpochResponse(
  writer: ProtocolWriter,
  value: BeginQuorumEpochResponse,
  version: number,
): void {
  const flexible = version >= 1;
  writer.int16(value.errorCode);
  writer.array(value.topics, writeBeginQuorumEpochResponseTopic, version, flexible);
  if (flexible) {
    const { nodeEndpoints } = value;
    const hasNodeEndpoints = nodeEndpoints.length > 0;
    writer.tagCount(hasNodeEndpoints ? 1 : 0);
    if (hasNodeEndpoints)
      writer.tag(0, (field) =>
        field.array(nodeEndpoints, writeBeginQuorumEpochResponseNodeEndpoint, version, flexible),
      );
  }
}

/** BeginQuorumEpoch, API key 53. */
export const beginQuorumEpochCodec: ApiCodec<BeginQuorumEpochRequest, BeginQuorumEpochResponse> = {
  key: 53,
  name: 'BeginQuorumEpoch',
  versionMin: 0,
  versionMax: 1,
  flexibleFrom: 1,
  readRequest: readBeginQuorumEpochRequest,
  writeRequest: writeBeginQuorumEpochRequest,
  readResponse: readBeginQuorumEpochResponse,
  writeResponse: writeBeginQuorumEpochResponse,
};
