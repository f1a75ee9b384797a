// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import { zeroUuid } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface VoteRequestPartition {
  readonly partitionIndex: number;
  readonly replicaEpoch: number;
  readonly replicaId: number;
  readonly replicaDirectoryId: Uuid;
  readonly voterDirectoryId: Uuid;
  readonly lastOffsetEpoch: number;
  readonly lastOffset: number;
  readonly preVote: boolean;
}

export interface VoteRequestTopic {
  readonly topicName: string;
  readonly topicId: Uuid;
  readonly partitions: readonly VoteRequestPartition[];
}

export interface VoteRequest {
  readonly clusterId: string | null;
  readonly voterId: number;
  readonly topics: readonly VoteRequestTopic[];
}

export interface VoteResponsePartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly voteGranted: boolean;
}

export interface VoteResponseTopic {
  readonly topicName: string;
  readonly topicId: Uuid;
  readonly partitions: readonly VoteResponsePartition[];
}

export interface VoteResponseNodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface VoteResponse {
  readonly errorCode: number;
  readonly topics: readonly VoteResponseTopic[];
  readonly nodeEndpoints: readonly VoteResponseNodeEndpoint[];
}

function readVoteRequestPartition(reader: ProtocolReader, version: number): VoteRequestPartition {
  const flexible = true;
  const value: VoteRequestPartition = {
    partitionIndex: reader.int32(),
    replicaEpoch: reader.int32(),
    replicaId: reader.int32(),
    replicaDirectoryId: version >= 1 ? reader.uuid() : zeroUuid,
    voterDirectoryId: version >= 1 ? reader.uuid() : zeroUuid,
    lastOffsetEpoch: reader.int32(),
    lastOffset: reader.int64(),
    preVote: version >= 2 ? reader.boolean() : false,
  };
  if (flexible) reader.skipTags();
  return value;
}

function readVoteRequestTopic(reader: ProtocolReader, version: number): VoteRequestTopic {
  const flexible = true;
  const topicName = reader.string(flexible);
  const partitions = reader.array(readVoteRequestPartition, version, flexible, 25);
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

function readVoteRequest(reader: ProtocolReader, version: number): VoteRequest {
  const flexible = true;
  const value: VoteRequest = {
    clusterId: reader.nullableString(flexible),
    voterId: version >= 1 ? reader.int32() : -1,
    topics: reader.array(readVoteRequestTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readVoteResponsePartition(
  reader: ProtocolReader,
  _version: number,
): VoteResponsePartition {
  const flexible = true;
  const value: VoteResponsePartition = {
    partitionIndex: reader.int32(),
    errorCode: reader.int16(),
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
    voteGranted: reader.boolean(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readVoteResponseTopic(reader: ProtocolReader, version: number): VoteResponseTopic {
  const flexible = true;
  const topicName = reader.string(flexible);
  const partitions = reader.array(readVoteResponsePartition, version, flexible, 16);
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

function readVoteResponseNodeEndpoint(
  reader: ProtocolReader,
  _version: number,
): VoteResponseNodeEndpoint {
  const flexible = true;
  const value: VoteResponseNodeEndpoint = {
    nodeId: reader.int32(),
    host: reader.string(flexible),
    port: reader.uint16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readVoteResponse(reader: ProtocolReader, version: number): VoteResponse {
  const flexible = true;
  const errorCode = reader.int16();
  const topics = reader.array(readVoteResponseTopic, version, flexible, 3);
  let nodeEndpoints: readonly VoteResponseNodeEndpoint[] = [];
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0 && version >= 1)
      nodeEndpoints = reader.array(readVoteResponseNodeEndpoint, version, flexible, 8);
    else reader.skipTag();
    reader.endTag(end);
  }
  return { errorCode, topics, nodeEndpoints };
}

function writeVoteRequestPartition(
  writer: ProtocolWriter,
  value: VoteRequestPartition,
  version: number,
): void {
  const flexible = true;
  writer.int32(value.partitionIndex);
  writer.int32(value.replicaEpoch);
  writer.int32(value.replicaId);
  if (version >= 1) {
    writer.uuid(value.replicaDirectoryId);
  }
  if (version >= 1) {
    writer.uuid(value.voterDirectoryId);
  }
  writer.int32(value.lastOffsetEpoch);
  writer.int64(value.lastOffset);
  if (version >= 2) {
    writer.boolean(value.preVote);
  }
  if (flexible) writer.tagCount();
}

function writeVoteRequestTopic(
  writer: ProtocolWriter,
  value: VoteRequestTopic,
  version: number,
): void {
  const flexible = true;
  writer.string(value.topicName, flexible);
  writer.array(value.partitions, writeVoteRequestPartition, version, flexible);
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

function writeVoteRequest(writer: ProtocolWriter, value: VoteRequest, version: number): void {
  const flexible = true;
  writer.nullableString(value.clusterId, flexible);
  if (version >= 1) {
    writer.int32(value.voterId);
  }
  writer.array(value.topics, writeVoteRequestTopic, version, flexible);
  if (flexible) writer.tagCount();
}

function writeVoteResponsePartition(
  writer: ProtocolWriter,
  value: VoteResponsePartition,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.partitionIndex);
  writer.int16(value.errorCode);
  writer.int32(value.leaderId);
  writer.int32(value.leaderEpoch);
  writer.boolean(value.voteGranted);
  if (flexible) writer.tagCount();
}

function writeVoteResponseTopic(
  writer: ProtocolWriter,
  value: VoteResponseTopic,
  version: number,
): void {
  const flexible = true;
  writer.string(value.topicName, flexible);
  writer.array(value.partitions, writeVoteResponsePartition, version, flexible);
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

function writeVoteResponseNodeEndpoint(
  writer: ProtocolWriter,
  value: VoteResponseNodeEndpoint,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.nodeId);
  writer.string(value.host, flexible);
  writer.int16(value.port);
  if (flexible) writer.tagCount();
}

function writeVoteResponse(writer: ProtocolWriter, value: VoteResponse, version: number): void {
  const flexible = true;
  writer.int16(value.errorCode);
  writer.array(value.topics, writeVoteResponseTopic, version, flexible);
  if (flexible) {
    const { nodeEndpoints } = value;
    const hasNodeEndpoints = version >= 1 && nodeEndpoints.length > 0;
    writer.tagCount(hasNodeEndpoints ? 1 : 0);
    if (hasNodeEndpoints)
      writer.tag(0, (field) =>
        field.array(nodeEndpoints, writeVoteResponseNodeEndpoint, version, flexible),
      );
  }
}

/** Vote, API key 52. */
export const voteCodec: ApiCodec<VoteRequest, VoteResponse> = {
  key: 52,
  name: 'Vote',
  versionMin: 0,
  versionMax: 2,
  flexibleFrom: 0,
  readRequest: readVoteRequest,
  writeRequest: writeVoteRequest,
  readResponse: readVoteResponse,
  writeResponse: writeVoteResponse,
};
