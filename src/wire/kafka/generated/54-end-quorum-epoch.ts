// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import { zeroUuid } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface EndQuorumEpochRequestCandidate {
  readonly candidateId: number;
  readonly candidateDirectoryId: Uuid;
}

export interface EndQuorumEpochRequestPartition {
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly preferredSuccessors: readonly number[];
  readonly preferredCandidates: readonly EndQuorumEpochRequestCandidate[];
}

export interface EndQuorumEpochRequestTopic {
  readonly topicName: string;
  readonly topicId: Uuid;
  readonly partitions: readonly EndQuorumEpochRequestPartition[];
}

export interface EndQuorumEpochRequestLeaderEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface EndQuorumEpochRequest {
  readonly clusterId: string | null;
  readonly topics: readonly EndQuorumEpochRequestTopic[];
  readonly leaderEndpoints: readonly EndQuorumEpochRequestLeaderEndpoint[];
}

export interface EndQuorumEpochResponsePartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface EndQuorumEpochResponseTopic {
  readonly topicName: string;
  readonly topicId: Uuid;
  readonly partitions: readonly EndQuorumEpochResponsePartition[];
}

export interface EndQuorumEpochResponseNodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface EndQuorumEpochResponse {
  readonly errorCode: number;
  readonly topics: readonly EndQuorumEpochResponseTopic[];
  readonly nodeEndpoints: readonly EndQuorumEpochResponseNodeEndpoint[];
}

function readEndQuorumEpochRequestCandidate(
  reader: ProtocolReader,
  version: number,
): EndQuorumEpochRequestCandidate {
  const flexible = version >= 1;
  const value: EndQuorumEpochRequestCandidate = {
    candidateId: reader.int32(),
    candidateDirectoryId: reader.uuid(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readEndQuorumEpochRequestPartition(
  reader: ProtocolReader,
  version: number,
): EndQuorumEpochRequestPartition {
  const flexible = version >= 1;
  const value: EndQuorumEpochRequestPartition = {
    partitionIndex: reader.int32(),
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
    preferredSuccessors: version <= 0 ? reader.int32Array(flexible) : [],
    preferredCandidates:
      version >= 1 ? reader.array(readEndQuorumEpochRequestCandidate, version, flexible, 20) : [],
  };
  if (flexible) reader.skipTags();
  return value;
}

function readEndQuorumEpochRequestTopic(
  reader: ProtocolReader,
  version: number,
): EndQuorumEpochRequestTopic {
  const flexible = version >= 1;
  const topicName = reader.string(flexible);
  const partitions = reader.array(readEndQuorumEpochRequestPartition, version, flexible, 14);
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

function readEndQuorumEpochRequestLeaderEndpoint(
  reader: ProtocolReader,
  version: number,
): EndQuorumEpochRequestLeaderEndpoint {
  const flexible = version >= 1;
  const value: EndQuorumEpochRequestLeaderEndpoint = {
    name: reader.string(flexible),
    host: reader.string(flexible),
    port: reader.uint16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readEndQuorumEpochRequest(reader: ProtocolReader, version: number): EndQuorumEpochRequest {
  const flexible = version >= 1;
  const value: EndQuorumEpochRequest = {
    clusterId: reader.nullableString(flexible),
    topics: reader.array(readEndQuorumEpochRequestTopic, version, flexible, 3),
    leaderEndpoints:
      version >= 1
        ? reader.array(readEndQuorumEpochRequestLeaderEndpoint, version, flexible, 5)
        : [],
  };
  if (flexible) reader.skipTags();
  return value;
}

function readEndQuorumEpochResponsePartition(
  reader: ProtocolReader,
  version: number,
): EndQuorumEpochResponsePartition {
  const flexible = version >= 1;
  const value: EndQuorumEpochResponsePartition = {
    partitionIndex: reader.int32(),
    errorCode: reader.int16(),
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readEndQuorumEpochResponseTopic(
  reader: ProtocolReader,
  version: number,
): EndQuorumEpochResponseTopic {
  const flexible = version >= 1;
  const topicName = reader.string(flexible);
  const partitions = reader.array(readEndQuorumEpochResponsePartition, version, flexible, 14);
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

function readEndQuorumEpochResponseNodeEndpoint(
  reader: ProtocolReader,
  version: number,
): EndQuorumEpochResponseNodeEndpoint {
  const flexible = version >= 1;
  const value: EndQuorumEpochResponseNodeEndpoint = {
    nodeId: reader.int32(),
    host: reader.string(flexible),
    port: reader.uint16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readEndQuorumEpochResponse(
  reader: ProtocolReader,
  version: number,
): EndQuorumEpochResponse {
  const flexible = version >= 1;
  const errorCode = reader.int16();
  const topics = reader.array(readEndQuorumEpochResponseTopic, version, flexible, 3);
  let nodeEndpoints: readonly EndQuorumEpochResponseNodeEndpoint[] = [];
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0)
      nodeEndpoints = reader.array(readEndQuorumEpochResponseNodeEndpoint, version, flexible, 8);
    else reader.skipTag();
    reader.endTag(end);
  }
  return { errorCode, topics, nodeEndpoints };
}

function writeEndQuorumEpochRequestCandidate(
  writer: ProtocolWriter,
  value: EndQuorumEpochRequestCandidate,
  version: number,
): void {
  const flexible = version >= 1;
  writer.int32(value.candidateId);
  writer.uuid(value.candidateDirectoryId);
  if (flexible) writer.tagCount();
}

function writeEndQuorumEpochRequestPartition(
  writer: ProtocolWriter,
  value: EndQuorumEpochRequestPartition,
  version: number,
): void {
  const flexible = version >= 1;
  writer.int32(value.partitionIndex);
  writer.int32(value.leaderId);
  writer.int32(value.leaderEpoch);
  if (version <= 0) {
    writer.array(value.preferredSuccessors, (w, element) => w.int32(element), version, flexible);
  }
  if (version >= 1) {
    writer.array(value.preferredCandidates, writeEndQuorumEpochRequestCandidate, version, flexible);
  }
  if (flexible) writer.tagCount();
}

function writeEndQuorumEpochRequestTopic(
  writer: ProtocolWriter,
  value: EndQuorumEpochRequestTopic,
  version: number,
): void {
  const flexible = version >= 1;
  writer.string(value.topicName, flexible);
  writer.array(value.partitions, writeEndQuorumEpochRequestPartition, version, flexible);
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

function writeEndQuorumEpochRequestLeaderEndpoint(
  writer: ProtocolWriter,
  value: EndQuorumEpochRequestLeaderEndpoint,
  version: number,
): void {
  const flexible = version >= 1;
  writer.string(value.name, flexible);
  writer.string(value.host, flexible);
  writer.int16(value.port);
  if (flexible) writer.tagCount();
}

function writeEndQuorumEpochRequest(
  writer: ProtocolWriter,
  value: EndQuorumEpochRequest,
  version: number,
): void {
  const flexible = version >= 1;
  writer.nullableString(value.clusterId, flexible);
  writer.array(value.topics, writeEndQuorumEpochRequestTopic, version, flexible);
  if (version >= 1) {
    writer.array(
      value.leaderEndpoints,
      writeEndQuorumEpochRequestLeaderEndpoint,
      version,
      flexible,
    );
  }
  if (flexible) writer.tagCount();
}

function writeEndQuorumEpochResponsePartition(
  writer: ProtocolWriter,
  value: EndQuorumEpochResponsePartition,
  version: number,
): void {
  const flexible = version >= 1;
  writer.int32(value.partitionIndex);
  writer.int16(value.errorCode);
  writer.int32(value.leaderId);
  writer.int32(value.leaderEpoch);
  if (flexible) writer.tagCount();
}

function writeEndQuorumEpochResponseTopic(
  writer: ProtocolWriter,
  value: EndQuorumEpochResponseTopic,
  version: number,
): void {
  const flexible = version >= 1;
  writer.string(value.topicName, flexible);
  writer.array(value.partitions, writeEndQuorumEpochResponsePartition, version, flexible);
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

function writeEndQuorumEpochResponseNodeEndpoint(
  writer: ProtocolWriter,
  value: EndQuorumEpochResponseNodeEndpoint,
  version: number,
): void {
  const flexible = version >= 1;
  writer.int32(value.nodeId);
  writer.string(value.host, flexible);
  writer.int16(value.port);
  if (flexible) writer.tagCount();
}

function writeEndQuorumEpochResponse(
  writer: ProtocolWriter,
  value: EndQuorumEpochResponse,
  version: number,
): void {
  const flexible = version >= 1;
  writer.int16(value.errorCode);
  writer.array(value.topics, writeEndQuorumEpochResponseTopic, version, flexible);
  if (flexible) {
    const { nodeEndpoints } = value;
    const hasNodeEndpoints = nodeEndpoints.length > 0;
    writer.tagCount(hasNodeEndpoints ? 1 : 0);
    if (hasNodeEndpoints)
      writer.tag(0, (field) =>
        field.array(nodeEndpoints, writeEndQuorumEpochResponseNodeEndpoint, version, flexible),
      );
  }
}

/** EndQuorumEpoch, API key 54. */
export const endQuorumEpochCodec: ApiCodec<EndQuorumEpochRequest, EndQuorumEpochResponse> = {
  key: 54,
  name: 'EndQuorumEpoch',
  versionMin: 0,
  versionMax: 1,
  flexibleFrom: 1,
  readRequest: readEndQuorumEpochRequest,
  writeRequest: writeEndQuorumEpochRequest,
  readResponse: readEndQuorumEpochResponse,
  writeResponse: writeEndQuorumEpochResponse,
};
