// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import { present } from '../../../base/assert.ts';
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import { zeroUuid } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface MetadataRequestTopic {
  readonly topicId: Uuid;
  readonly name: string | null;
}

export interface MetadataRequest {
  readonly topics: readonly MetadataRequestTopic[] | null;
  readonly allowAutoTopicCreation: boolean;
  readonly includeClusterAuthorizedOperations: boolean;
  readonly includeTopicAuthorizedOperations: boolean;
}

export interface MetadataResponseBroker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface MetadataResponsePartition {
  readonly errorCode: number;
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface MetadataResponseTopic {
  readonly errorCode: number;
  readonly name: string | null;
  readonly topicId: Uuid;
  readonly isInternal: boolean;
  readonly partitions: readonly MetadataResponsePartition[];
  readonly topicAuthorizedOperations: number;
}

export interface MetadataResponse {
  readonly throttleTimeMs: number;
  readonly brokers: readonly MetadataResponseBroker[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly MetadataResponseTopic[];
  readonly clusterAuthorizedOperations: number;
}

function readMetadataRequestTopic(reader: ProtocolReader, version: number): MetadataRequestTopic {
  const flexible = version >= 9;
  const value: MetadataRequestTopic = {
    topicId: version >= 10 ? reader.uuid() : zeroUuid,
    name: version >= 10 ? reader.nullableString(flexible) : reader.string(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readMetadataRequest(reader: ProtocolReader, version: number): MetadataRequest {
  const flexible = version >= 9;
  const value: MetadataRequest = {
    topics:
      version >= 1
        ? reader.nullableArray(readMetadataRequestTopic, version, flexible, 2)
        : reader.array(readMetadataRequestTopic, version, flexible, 2),
    allowAutoTopicCreation: version >= 4 ? reader.boolean() : true,
    includeClusterAuthorizedOperations: version >= 8 && version <= 10 ? reader.boolean() : false,
    includeTopicAuthorizedOperations: version >= 8 ? reader.boolean() : false,
  };
  if (flexible) reader.skipTags();
  return value;
}

function readMetadataResponseBroker(
  reader: ProtocolReader,
  version: number,
): MetadataResponseBroker {
  const flexible = version >= 9;
  const value: MetadataResponseBroker = {
    nodeId: reader.int32(),
    host: reader.string(flexible),
    port: reader.int32(),
    rack: version >= 1 ? reader.nullableString(flexible) : null,
  };
  if (flexible) reader.skipTags();
  return value;
}

function readMetadataResponsePartition(
  reader: ProtocolReader,
  version: number,
): MetadataResponsePartition {
  const flexible = version >= 9;
  const value: MetadataResponsePartition = {
    errorCode: reader.int16(),
    partitionIndex: reader.int32(),
    leaderId: reader.int32(),
    leaderEpoch: version >= 7 ? reader.int32() : -1,
    replicaNodes: reader.int32Array(flexible),
    isrNodes: reader.int32Array(flexible),
    offlineReplicas: version >= 5 ? reader.int32Array(flexible) : [],
  };
  if (flexible) reader.skipTags();
  return value;
}

function readMetadataResponseTopic(reader: ProtocolReader, version: number): MetadataResponseTopic {
  const flexible = version >= 9;
  const value: MetadataResponseTopic = {
    errorCode: reader.int16(),
    name: version >= 12 ? reader.nullableString(flexible) : reader.string(flexible),
    topicId: version >= 10 ? reader.uuid() : zeroUuid,
    isInternal: version >= 1 ? reader.boolean() : false,
    partitions: reader.array(readMetadataResponsePartition, version, flexible, 18),
    topicAuthorizedOperations: version >= 8 ? reader.int32() : -2147483648,
  };
  if (flexible) reader.skipTags();
  return value;
}

function readMetadataResponse(reader: ProtocolReader, version: number): MetadataResponse {
  const flexible = version >= 9;
  const value: MetadataResponse = {
    throttleTimeMs: version >= 3 ? reader.int32() : 0,
    brokers: reader.array(readMetadataResponseBroker, version, flexible, 10),
    clusterId: version >= 2 ? reader.nullableString(flexible) : null,
    controllerId: version >= 1 ? reader.int32() : -1,
    topics: reader.array(readMetadataResponseTopic, version, flexible, 8),
    clusterAuthorizedOperations: version >= 8 && version <= 10 ? reader.int32() : -2147483648,
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeMetadataRequestTopic(
  writer: ProtocolWriter,
  value: MetadataRequestTopic,
  version: number,
): void {
  const flexible = version >= 9;
  if (version >= 10) {
    writer.uuid(value.topicId);
  }
  if (version >= 10) writer.nullableString(value.name, flexible);
  else writer.string(present(value.name, 'name is not null in this version'), flexible);
  if (flexible) writer.tagCount();
}

function writeMetadataRequest(
  writer: ProtocolWriter,
  value: MetadataRequest,
  version: number,
): void {
  const flexible = version >= 9;
  if (version >= 1)
    writer.nullableArray(value.topics, writeMetadataRequestTopic, version, flexible);
  else
    writer.array(
      present(value.topics, 'topics is not null in this version'),
      writeMetadataRequestTopic,
      version,
      flexible,
    );
  if (version >= 4) {
    writer.boolean(value.allowAutoTopicCreation);
  }
  if (version >= 8 && version <= 10) {
    writer.boolean(value.includeClusterAuthorizedOperations);
  }
  if (version >= 8) {
    writer.boolean(value.includeTopicAuthorizedOperations);
  }
  if (flexible) writer.tagCount();
}

function writeMetadataResponseBroker(
  writer: ProtocolWriter,
  value: MetadataResponseBroker,
  version: number,
): void {
  const flexible = version >= 9;
  writer.int32(value.nodeId);
  writer.string(value.host, flexible);
  writer.int32(value.port);
  if (version >= 1) {
    writer.nullableString(value.rack, flexible);
  }
  if (flexible) writer.tagCount();
}

function writeMetadataResponsePartition(
  writer: ProtocolWriter,
  value: MetadataResponsePartition,
  version: number,
): void {
  const flexible = version >= 9;
  writer.int16(value.errorCode);
  writer.int32(value.partitionIndex);
  writer.int32(value.leaderId);
  if (version >= 7) {
    writer.int32(value.leaderEpoch);
  }
  writer.array(value.replicaNodes, (w, element) => w.int32(element), version, flexible);
  writer.array(value.isrNodes, (w, element) => w.int32(element), version, flexible);
  if (version >= 5) {
    writer.array(value.offlineReplicas, (w, element) => w.int32(element), version, flexible);
  }
  if (flexible) writer.tagCount();
}

function writeMetadataResponseTopic(
  writer: ProtocolWriter,
  value: MetadataResponseTopic,
  version: number,
): void {
  const flexible = version >= 9;
  writer.int16(value.errorCode);
  if (version >= 12) writer.nullableString(value.name, flexible);
  else writer.string(present(value.name, 'name is not null in this version'), flexible);
  if (version >= 10) {
    writer.uuid(value.topicId);
  }
  if (version >= 1) {
    writer.boolean(value.isInternal);
  }
  writer.array(value.partitions, writeMetadataResponsePartition, version, flexible);
  if (version >= 8) {
    writer.int32(value.topicAuthorizedOperations);
  }
  if (flexible) writer.tagCount();
}

function writeMetadataResponse(
  writer: ProtocolWriter,
  value: MetadataResponse,
  version: number,
): void {
  const flexible = version >= 9;
  if (version >= 3) {
    writer.int32(value.throttleTimeMs);
  }
  writer.array(value.brokers, writeMetadataResponseBroker, version, flexible);
  if (version >= 2) {
    writer.nullableString(value.clusterId, flexible);
  }
  if (version >= 1) {
    writer.int32(value.controllerId);
  }
  writer.array(value.topics, writeMetadataResponseTopic, version, flexible);
  if (version >= 8 && version <= 10) {
    writer.int32(value.clusterAuthorizedOperations);
  }
  if (flexible) writer.tagCount();
}

/** Metadata, API key 3. */
export const metadataCodec: ApiCodec<MetadataRequest, MetadataResponse> = {
  key: 3,
  name: 'Metadata',
  versionMin: 0,
  versionMax: 12,
  flexibleFrom: 9,
  readRequest: readMetadataRequest,
  writeRequest: writeMetadataRequest,
  readResponse: readMetadataResponse,
  writeResponse: writeMetadataResponse,
};
