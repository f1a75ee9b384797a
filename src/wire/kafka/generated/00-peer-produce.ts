// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import { zeroUuid } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface PeerProduceRequestPartition {
  readonly index: number;
  readonly records: Uint8Array | null;
}

export interface PeerProduceRequestTopic {
  readonly name: string;
  readonly topicId: Uuid;
  readonly partitionData: readonly PeerProduceRequestPartition[];
}

export interface PeerProduceRequest {
  readonly transactionalId: string | null;
  readonly acks: number;
  readonly timeoutMs: number;
  readonly topicData: readonly PeerProduceRequestTopic[];
}

export interface PeerProduceResponseRecordError {
  readonly batchIndex: number;
  readonly batchIndexErrorMessage: string | null;
}

export interface PeerProduceResponseLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface PeerProduceResponsePartition {
  readonly index: number;
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  readonly recordErrors: readonly PeerProduceResponseRecordError[];
  readonly errorMessage: string | null;
  readonly currentLeader: PeerProduceResponseLeader | null;
}

export interface PeerProduceResponseTopic {
  readonly name: string;
  readonly topicId: Uuid;
  readonly partitionResponses: readonly PeerProduceResponsePartition[];
}

export interface PeerProduceResponse {
  readonly responses: readonly PeerProduceResponseTopic[];
  readonly throttleTimeMs: number;
}

function readPeerProduceRequestPartition(
  reader: ProtocolReader,
  _version: number,
): PeerProduceRequestPartition {
  const flexible = true;
  const value: PeerProduceRequestPartition = {
    index: reader.int32(),
    records: reader.nullableBytes(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerProduceRequestTopic(
  reader: ProtocolReader,
  version: number,
): PeerProduceRequestTopic {
  const flexible = true;
  const name = reader.string(flexible);
  const partitionData = reader.array(readPeerProduceRequestPartition, version, flexible, 6);
  let topicId: Uuid = zeroUuid;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 10000) topicId = reader.uuid();
    else reader.skipTag();
    reader.endTag(end);
  }
  return { name, partitionData, topicId };
}

function readPeerProduceRequest(reader: ProtocolReader, version: number): PeerProduceRequest {
  const flexible = true;
  const value: PeerProduceRequest = {
    transactionalId: reader.nullableString(flexible),
    acks: reader.int16(),
    timeoutMs: reader.int32(),
    topicData: reader.array(readPeerProduceRequestTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerProduceResponseRecordError(
  reader: ProtocolReader,
  _version: number,
): PeerProduceResponseRecordError {
  const flexible = true;
  const value: PeerProduceResponseRecordError = {
    batchIndex: reader.int32(),
    batchIndexErrorMessage: reader.nullableString(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerProduceResponseLeader(
  reader: ProtocolReader,
  _version: number,
): PeerProduceResponseLeader {
  const flexible = true;
  const value: PeerProduceResponseLeader = {
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerProduceResponsePartition(
  reader: ProtocolReader,
  version: number,
): PeerProduceResponsePartition {
  const flexible = true;
  const index = reader.int32();
  const errorCode = reader.int16();
  const baseOffset = reader.int64();
  const logAppendTimeMs = reader.int64();
  const logStartOffset = reader.int64();
  const recordErrors = reader.array(readPeerProduceResponseRecordError, version, flexible, 6);
  const errorMessage = reader.nullableString(flexible);
  let currentLeader: PeerProduceResponseLeader | null = null;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0) currentLeader = readPeerProduceResponseLeader(reader, version);
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

function readPeerProduceResponseTopic(
  reader: ProtocolReader,
  version: number,
): PeerProduceResponseTopic {
  const flexible = true;
  const name = reader.string(flexible);
  const partitionResponses = reader.array(readPeerProduceResponsePartition, version, flexible, 33);
  let topicId: Uuid = zeroUuid;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 10000) topicId = reader.uuid();
    else reader.skipTag();
    reader.endTag(end);
  }
  return { name, partitionResponses, topicId };
}

function readPeerProduceResponse(reader: ProtocolReader, version: number): PeerProduceResponse {
  const flexible = true;
  const value: PeerProduceResponse = {
    responses: reader.array(readPeerProduceResponseTopic, version, flexible, 3),
    throttleTimeMs: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writePeerProduceRequestPartition(
  writer: ProtocolWriter,
  value: PeerProduceRequestPartition,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.index);
  writer.nullableBytes(value.records, flexible);
  if (flexible) writer.tagCount();
}

function writePeerProduceRequestTopic(
  writer: ProtocolWriter,
  value: PeerProduceRequestTopic,
  version: number,
): void {
  const flexible = true;
  writer.string(value.name, flexible);
  writer.array(value.partitionData, writePeerProduceRequestPartition, version, flexible);
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

function writePeerProduceRequest(
  writer: ProtocolWriter,
  value: PeerProduceRequest,
  version: number,
): void {
  const flexible = true;
  writer.nullableString(value.transactionalId, flexible);
  writer.int16(value.acks);
  writer.int32(value.timeoutMs);
  writer.array(value.topicData, writePeerProduceRequestTopic, version, flexible);
  if (flexible) writer.tagCount();
}

function writePeerProduceResponseRecordError(
  writer: ProtocolWriter,
  value: PeerProduceResponseRecordError,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.batchIndex);
  writer.nullableString(value.batchIndexErrorMessage, flexible);
  if (flexible) writer.tagCount();
}

function writePeerProduceResponseLeader(
  writer: ProtocolWriter,
  value: PeerProduceResponseLeader,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.leaderId);
  writer.int32(value.leaderEpoch);
  if (flexible) writer.tagCount();
}

function writePeerProduceResponsePartition(
  writer: ProtocolWriter,
  value: PeerProduceResponsePartition,
  version: number,
): void {
  const flexible = true;
  writer.int32(value.index);
  writer.int16(value.errorCode);
  writer.int64(value.baseOffset);
  writer.int64(value.logAppendTimeMs);
  writer.int64(value.logStartOffset);
  writer.array(value.recordErrors, writePeerProduceResponseRecordError, version, flexible);
  writer.nullableString(value.errorMessage, flexible);
  if (flexible) {
    const { currentLeader } = value;
    const hasCurrentLeader = currentLeader !== null;
    writer.tagCount(hasCurrentLeader ? 1 : 0);
    if (hasCurrentLeader)
      writer.tag(0, (field) => writePeerProduceResponseLeader(field, currentLeader, version));
  }
}

function writePeerProduceResponseTopic(
  writer: ProtocolWriter,
  value: PeerProduceResponseTopic,
  version: number,
): void {
  const flexible = true;
  writer.string(value.name, flexible);
  writer.array(value.partitionResponses, writePeerProduceResponsePartition, version, flexible);
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

function writePeerProduceResponse(
  writer: ProtocolWriter,
  value: PeerProduceResponse,
  version: number,
): void {
  const flexible = true;
  writer.array(value.responses, writePeerProduceResponseTopic, version, flexible);
  writer.int32(value.throttleTimeMs);
  if (flexible) writer.tagCount();
}

/** PeerProduce, API key 0. */
export const peerProduceCodec: ApiCodec<PeerProduceRequest, PeerProduceResponse> = {
  key: 0,
  name: 'PeerProduce',
  versionMin: 11,
  versionMax: 11,
  flexibleFrom: 9,
  readRequest: readPeerProduceRequest,
  writeRequest: writePeerProduceRequest,
  readResponse: readPeerProduceResponse,
  writeResponse: writePeerProduceResponse,
};
