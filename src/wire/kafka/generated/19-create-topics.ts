// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import { zeroUuid } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface CreateTopicsRequestAssignment {
  readonly partitionIndex: number;
  readonly brokerIds: readonly number[];
}

export interface CreateTopicsRequestConfig {
  readonly name: string;
  readonly value: string | null;
}

export interface CreateTopicsRequestTopic {
  readonly name: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly assignments: readonly CreateTopicsRequestAssignment[];
  readonly configs: readonly CreateTopicsRequestConfig[];
}

export interface CreateTopicsRequest {
  readonly topics: readonly CreateTopicsRequestTopic[];
  readonly timeoutMs: number;
  readonly validateOnly: boolean;
}

export interface CreateTopicsResponseConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
}

export interface CreateTopicsResponseTopic {
  readonly name: string;
  readonly topicId: Uuid;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly topicConfigErrorCode: number;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configs: readonly CreateTopicsResponseConfig[] | null;
}

export interface CreateTopicsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly CreateTopicsResponseTopic[];
}

function readCreateTopicsRequestAssignment(
  reader: ProtocolReader,
  version: number,
): CreateTopicsRequestAssignment {
  const flexible = version >= 5;
  const value: CreateTopicsRequestAssignment = {
    partitionIndex: reader.int32(),
    brokerIds: reader.int32Array(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readCreateTopicsRequestConfig(
  reader: ProtocolReader,
  version: number,
): CreateTopicsRequestConfig {
  const flexible = version >= 5;
  const value: CreateTopicsRequestConfig = {
    name: reader.string(flexible),
    value: reader.nullableString(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readCreateTopicsRequestTopic(
  reader: ProtocolReader,
  version: number,
): CreateTopicsRequestTopic {
  const flexible = version >= 5;
  const value: CreateTopicsRequestTopic = {
    name: reader.string(flexible),
    numPartitions: reader.int32(),
    replicationFactor: reader.int16(),
    assignments: reader.array(readCreateTopicsRequestAssignment, version, flexible, 6),
    configs: reader.array(readCreateTopicsRequestConfig, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readCreateTopicsRequest(reader: ProtocolReader, version: number): CreateTopicsRequest {
  const flexible = version >= 5;
  const value: CreateTopicsRequest = {
    topics: reader.array(readCreateTopicsRequestTopic, version, flexible, 10),
    timeoutMs: reader.int32(),
    validateOnly: reader.boolean(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readCreateTopicsResponseConfig(
  reader: ProtocolReader,
  version: number,
): CreateTopicsResponseConfig {
  const flexible = version >= 5;
  const value: CreateTopicsResponseConfig = {
    name: reader.string(flexible),
    value: reader.nullableString(flexible),
    readOnly: reader.boolean(),
    configSource: reader.int8(),
    isSensitive: reader.boolean(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readCreateTopicsResponseTopic(
  reader: ProtocolReader,
  version: number,
): CreateTopicsResponseTopic {
  const flexible = version >= 5;
  const name = reader.string(flexible);
  const topicId = version >= 7 ? reader.uuid() : zeroUuid;
  const errorCode = reader.int16();
  const errorMessage = reader.nullableString(flexible);
  const numPartitions = version >= 5 ? reader.int32() : -1;
  const replicationFactor = version >= 5 ? reader.int16() : -1;
  const configs =
    version >= 5
      ? reader.nullableArray(readCreateTopicsResponseConfig, version, flexible, 6)
      : null;
  let topicConfigErrorCode: number = 0;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0) topicConfigErrorCode = reader.int16();
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
    name,
    topicId,
    errorCode,
    errorMessage,
    numPartitions,
    replicationFactor,
    configs,
    topicConfigErrorCode,
  };
}

function readCreateTopicsResponse(reader: ProtocolReader, version: number): CreateTopicsResponse {
  const flexible = version >= 5;
  const value: CreateTopicsResponse = {
    throttleTimeMs: reader.int32(),
    topics: reader.array(readCreateTopicsResponseTopic, version, flexible, 6),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeCreateTopicsRequestAssignment(
  writer: ProtocolWriter,
  value: CreateTopicsRequestAssignment,
  version: number,
): void {
  const flexible = version >= 5;
  writer.int32(value.partitionIndex);
  writer.array(value.brokerIds, (w, element) => w.int32(element), version, flexible);
  if (flexible) writer.tagCount();
}

function writeCreateTopicsRequestConfig(
  writer: ProtocolWriter,
  value: CreateTopicsRequestConfig,
  version: number,
): void {
  const flexible = version >= 5;
  writer.string(value.name, flexible);
  writer.nullableString(value.value, flexible);
  if (flexible) writer.tagCount();
}

function writeCreateTopicsRequestTopic(
  writer: ProtocolWriter,
  value: CreateTopicsRequestTopic,
  version: number,
): void {
  const flexible = version >= 5;
  writer.string(value.name, flexible);
  writer.int32(value.numPartitions);
  writer.int16(value.replicationFactor);
  writer.array(value.assignments, writeCreateTopicsRequestAssignment, version, flexible);
  writer.array(value.configs, writeCreateTopicsRequestConfig, version, flexible);
  if (flexible) writer.tagCount();
}

function writeCreateTopicsRequest(
  writer: ProtocolWriter,
  value: CreateTopicsRequest,
  version: number,
): void {
  const flexible = version >= 5;
  writer.array(value.topics, writeCreateTopicsRequestTopic, version, flexible);
  writer.int32(value.timeoutMs);
  writer.boolean(value.validateOnly);
  if (flexible) writer.tagCount();
}

function writeCreateTopicsResponseConfig(
  writer: ProtocolWriter,
  value: CreateTopicsResponseConfig,
  version: number,
): void {
  const flexible = version >= 5;
  writer.string(value.name, flexible);
  writer.nullableString(value.value, flexible);
  writer.boolean(value.readOnly);
  writer.int8(value.configSource);
  writer.boolean(value.isSensitive);
  if (flexible) writer.tagCount();
}

function writeCreateTopicsResponseTopic(
  writer: ProtocolWriter,
  value: CreateTopicsResponseTopic,
  version: number,
): void {
  const flexible = version >= 5;
  writer.string(value.name, flexible);
  if (version >= 7) {
    writer.uuid(value.topicId);
  }
  writer.int16(value.errorCode);
  writer.nullableString(value.errorMessage, flexible);
  if (version >= 5) {
    writer.int32(value.numPartitions);
  }
  if (version >= 5) {
    writer.int16(value.replicationFactor);
  }
  if (version >= 5) {
    writer.nullableArray(value.configs, writeCreateTopicsResponseConfig, version, flexible);
  }
  if (flexible) {
    const { topicConfigErrorCode } = value;
    const hasTopicConfigErrorCode = topicConfigErrorCode !== 0;
    writer.tagCount(hasTopicConfigErrorCode ? 1 : 0);
    if (hasTopicConfigErrorCode) {
      writer.beginTag(0, 2);
      writer.int16(topicConfigErrorCode);
    }
  }
}

function writeCreateTopicsResponse(
  writer: ProtocolWriter,
  value: CreateTopicsResponse,
  version: number,
): void {
  const flexible = version >= 5;
  writer.int32(value.throttleTimeMs);
  writer.array(value.topics, writeCreateTopicsResponseTopic, version, flexible);
  if (flexible) writer.tagCount();
}

/** CreateTopics, API key 19. */
export const createTopicsCodec: ApiCodec<CreateTopicsRequest, CreateTopicsResponse> = {
  key: 19,
  name: 'CreateTopics',
  versionMin: 2,
  versionMax: 7,
  flexibleFrom: 5,
  readRequest: readCreateTopicsRequest,
  writeRequest: writeCreateTopicsRequest,
  readResponse: readCreateTopicsResponse,
  writeResponse: writeCreateTopicsResponse,
};
