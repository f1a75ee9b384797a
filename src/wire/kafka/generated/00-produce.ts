// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface ProduceRequestPartition {
  readonly index: number;
  readonly records: Uint8Array | null;
}

export interface ProduceRequestTopic {
  readonly name: string;
  readonly partitionData: readonly ProduceRequestPartition[];
}

export interface ProduceRequest {
  readonly transactionalId: string | null;
  readonly acks: number;
  readonly timeoutMs: number;
  readonly topicData: readonly ProduceRequestTopic[];
}

export interface ProduceResponseRecordError {
  readonly batchIndex: number;
  readonly batchIndexErrorMessage: string | null;
}

export interface ProduceResponseLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface ProduceResponsePartition {
  readonly index: number;
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  readonly recordErrors: readonly ProduceResponseRecordError[];
  readonly errorMessage: string | null;
  readonly currentLeader: ProduceResponseLeader | null;
}

export interface ProduceResponseTopic {
  readonly name: string;
  readonly partitionResponses: readonly ProduceResponsePartition[];
}

export interface ProduceResponseNodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface ProduceResponse {
  readonly responses: readonly ProduceResponseTopic[];
  readonly throttleTimeMs: number;
  readonly nodeEndpoints: readonly ProduceResponseNodeEndpoint[];
}

function readProduceRequestPartition(
  reader: ProtocolReader,
  version: number,
): ProduceRequestPartition {
  const flexible = version >= 9;
  const value: ProduceRequestPartition = {
    index: reader.int32(),
    records: reader.nullableBytes(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readProduceRequestTopic(reader: ProtocolReader, version: number): ProduceRequestTopic {
  const flexible = version >= 9;
  const value: ProduceRequestTopic = {
    name: reader.string(flexible),
    partitionData: reader.array(readProduceRequestPartition, version, flexible, 6),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readProduceRequest(reader: ProtocolReader, version: number): ProduceRequest {
  const flexible = version >= 9;
  const value: ProduceRequest = {
    transactionalId: reader.nullableString(flexible),
    acks: reader.int16(),
    timeoutMs: reader.int32(),
    topicData: reader.array(readProduceRequestTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readProduceResponseRecordError(
  reader: ProtocolReader,
  version: number,
): ProduceResponseRecordError {
  const flexible = version >= 9;
  const value: ProduceResponseRecordError = {
    batchIndex: reader.int32(),
    batchIndexErrorMessage: reader.nullableString(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readProduceResponseLeader(reader: ProtocolReader, version: number): ProduceResponseLeader {
  const flexible = version >= 9;
  const value: ProduceResponseLeader = {
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readProduceResponsePartition(
  reader: ProtocolReader,
  version: number,
): ProduceResponsePartition {
  const flexible = version >= 9;
  const index = reader.int32();
  const errorCode = reader.int16();
  const baseOffset = reader.int64();
  const logAppendTimeMs = reader.int64();
  const logStartOffset = version >= 5 ? reader.int64() : -1;
  const recordErrors =
    version >= 8 ? reader.array(readProduceResponseRecordError, version, flexible, 6) : [];
  const errorMessage = version >= 8 ? reader.nullableString(flexible) : null;
  let currentLeader: ProduceResponseLeader | null = null;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0 && version >= 10) currentLeader = readProduceResponseLeader(reader, version);
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
    index,
    errorCode,
    baseOffset,
    logAppendTimeMs,
    logStartOffset,
    recordErrors,
    errorMessage,
    currentLeader,
  };
}

function readProduceResponseTopic(reader: ProtocolReader, version: number): ProduceResponseTopic {
  const flexible = version >= 9;
  const value: ProduceResponseTopic = {
    name: reader.string(flexible),
    partitionResponses: reader.array(readProduceResponsePartition, version, flexible, 22),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readProduceResponseNodeEndpoint(
  reader: ProtocolReader,
  version: number,
): ProduceResponseNodeEndpoint {
  const flexible = version >= 9;
  const value: ProduceResponseNodeEndpoint = {
    nodeId: reader.int32(),
    host: reader.string(flexible),
    port: reader.int32(),
    rack: reader.nullableString(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readProduceResponse(reader: ProtocolReader, version: number): ProduceResponse {
  const flexible = version >= 9;
  const responses = reader.array(readProduceResponseTopic, version, flexible, 3);
  const throttleTimeMs = reader.int32();
  let nodeEndpoints: readonly ProduceResponseNodeEndpoint[] = [];
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0 && version >= 10)
      nodeEndpoints = reader.array(readProduceResponseNodeEndpoint, version, flexible, 11);
    else reader.skipTag();
    reader.endTag(end);
  }
  return { responses, throttleTimeMs, nodeEndpoints };
}

function writeProduceRequestPartition(
  writer: ProtocolWriter,
  value: ProduceRequestPartition,
  version: number,
): void {
  const flexible = version >= 9;
  writer.int32(value.index);
  writer.nullableBytes(value.records, flexible);
  if (flexible) writer.tagCount();
}

function writeProduceRequestTopic(
  writer: ProtocolWriter,
  value: ProduceRequestTopic,
  version: number,
): void {
  const flexible = version >= 9;
  writer.string(value.name, flexible);
  writer.array(value.partitionData, writeProduceRequestPartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writeProduceRequest(writer: ProtocolWriter, value: ProduceRequest, version: number): void {
  const flexible = version >= 9;
  writer.nullableString(value.transactionalId, flexible);
  writer.int16(value.acks);
  writer.int32(value.timeoutMs);
  writer.array(value.topicData, writeProduceRequestTopic, version, flexible);
  if (flexible) writer.tagCount();
}

function writeProduceResponseRecordError(
  writer: ProtocolWriter,
  value: ProduceResponseRecordError,
  version: number,
): void {
  const flexible = version >= 9;
  writer.int32(value.batchIndex);
  writer.nullableString(value.batchIndexErrorMessage, flexible);
  if (flexible) writer.tagCount();
}

function writeProduceResponseLeader(
  writer: ProtocolWriter,
  value: ProduceResponseLeader,
  version: number,
): void {
  const flexible = version >= 9;
  writer.int32(value.leaderId);
  writer.int32(value.leaderEpoch);
  if (flexible) writer.tagCount();
}

function writeProduceResponsePartition(
  writer: ProtocolWriter,
  value: ProduceResponsePartition,
  version: number,
): void {
  const flexible = version >= 9;
  writer.int32(value.index);
  writer.int16(value.errorCode);
  writer.int64(value.baseOffset);
  writer.int64(value.logAppendTimeMs);
  if (version >= 5) {
    writer.int64(value.logStartOffset);
  }
  if (version >= 8) {
    writer.array(value.recordErrors, writeProduceResponseRecordError, version, flexible);
  }
  if (version >= 8) {
    writer.nullableString(value.errorMessage, flexible);
  }
  if (flexible) {
    const { currentLeader } = value;
    const hasCurrentLeader = version >= 10 && currentLeader !== null;
    writer.tagCount(hasCurrentLeader ? 1 : 0);
    if (hasCurrentLeader)
      writer.tag(0, (field) => writeProduceResponseLeader(field, currentLeader, version));
  }
}

function writeProduceResponseTopic(
  writer: ProtocolWriter,
  value: ProduceResponseTopic,
  version: number,
): void {
  const flexible = version >= 9;
  writer.string(value.name, flexible);
  writer.array(value.partitionResponses, writeProduceResponsePartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writeProduceResponseNodeEndpoint(
  writer: ProtocolWriter,
  value: ProduceResponseNodeEndpoint,
  version: number,
): void {
  const flexible = version >= 9;
  writer.int32(value.nodeId);
  writer.string(value.host, flexible);
  writer.int32(value.port);
  writer.nullableString(value.rack, flexible);
  if (flexible) writer.tagCount();
}

function writeProduceResponse(
  writer: ProtocolWriter,
  value: ProduceResponse,
  version: number,
): void {
  const flexible = version >= 9;
  writer.array(value.responses, writeProduceResponseTopic, version, flexible);
  writer.int32(value.throttleTimeMs);
  if (flexible) {
    const { nodeEndpoints } = value;
    const hasNodeEndpoints = version >= 10 && nodeEndpoints.length > 0;
    writer.tagCount(hasNodeEndpoints ? 1 : 0);
    if (hasNodeEndpoints)
      writer.tag(0, (field) =>
        field.array(nodeEndpoints, writeProduceResponseNodeEndpoint, version, flexible),
      );
  }
}

/** Produce, API key 0. */
export const produceCodec: ApiCodec<ProduceRequest, ProduceResponse> = {
  key: 0,
  name: 'Produce',
  versionMin: 3,
  versionMax: 11,
  flexibleFrom: 9,
  readRequest: readProduceRequest,
  writeRequest: writeProduceRequest,
  readResponse: readProduceResponse,
  writeResponse: writeProduceResponse,
};
