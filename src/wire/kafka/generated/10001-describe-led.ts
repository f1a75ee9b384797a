// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface DescribeLedRequest {
  readonly nodeId: number;
}

export interface DescribeLedResponseFollower {
  readonly nodeId: number;
  readonly role: string;
  readonly isInSync: boolean;
  readonly persistedOffset: number;
  readonly lag: number;
  readonly silentMs: number;
}

export interface DescribeLedResponsePartition {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
  readonly isAtRisk: boolean;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  readonly followers: readonly DescribeLedResponseFollower[];
}

export interface DescribeLedResponse {
  readonly nodeId: number;
  readonly partitions: readonly DescribeLedResponsePartition[];
}

function readDescribeLedRequest(reader: ProtocolReader, _version: number): DescribeLedRequest {
  const flexible = true;
  const value: DescribeLedRequest = {
    nodeId: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readDescribeLedResponseFollower(
  reader: ProtocolReader,
  _version: number,
): DescribeLedResponseFollower {
  const flexible = true;
  const value: DescribeLedResponseFollower = {
    nodeId: reader.int32(),
    role: reader.string(flexible),
    isInSync: reader.boolean(),
    persistedOffset: reader.int64(),
    lag: reader.int64(),
    silentMs: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readDescribeLedResponsePartition(
  reader: ProtocolReader,
  version: number,
): DescribeLedResponsePartition {
  const flexible = true;
  const value: DescribeLedResponsePartition = {
    topic: reader.string(flexible),
    topicId: reader.uuid(),
    partition: reader.int32(),
    leaderEpoch: reader.int32(),
    logStartOffset: reader.int64(),
    logEndOffset: reader.int64(),
    highWatermark: reader.int64(),
    isAtRisk: reader.boolean(),
    replicas: reader.int32Array(flexible),
    inSync: reader.int32Array(flexible),
    followers: reader.array(readDescribeLedResponseFollower, version, flexible, 31),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readDescribeLedResponse(reader: ProtocolReader, version: number): DescribeLedResponse {
  const flexible = true;
  const value: DescribeLedResponse = {
    nodeId: reader.int32(),
    partitions: reader.array(readDescribeLedResponsePartition, version, flexible, 54),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeDescribeLedRequest(
  writer: ProtocolWriter,
  value: DescribeLedRequest,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.nodeId);
  if (flexible) writer.tagCount();
}

function writeDescribeLedResponseFollower(
  writer: ProtocolWriter,
  value: DescribeLedResponseFollower,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.nodeId);
  writer.string(value.role, flexible);
  writer.boolean(value.isInSync);
  writer.int64(value.persistedOffset);
  writer.int64(value.lag);
  writer.int64(value.silentMs);
  if (flexible) writer.tagCount();
}

function writeDescribeLedResponsePartition(
  writer: ProtocolWriter,
  value: DescribeLedResponsePartition,
  version: number,
): void {
  const flexible = true;
  writer.string(value.topic, flexible);
  writer.uuid(value.topicId);
  writer.int32(value.partition);
  writer.int32(value.leaderEpoch);
  writer.int64(value.logStartOffset);
  writer.int64(value.logEndOffset);
  writer.int64(value.highWatermark);
  writer.boolean(value.isAtRisk);
  writer.array(value.replicas, (w, element) => w.int32(element), version, flexible);
  writer.array(value.inSync, (w, element) => w.int32(element), version, flexible);
  writer.array(value.followers, writeDescribeLedResponseFollower, version, flexible);
  if (flexible) writer.tagCount();
}

function writeDescribeLedResponse(
  writer: ProtocolWriter,
  value: DescribeLedResponse,
  version: number,
): void {
  const flexible = true;
  writer.int32(value.nodeId);
  writer.array(value.partitions, writeDescribeLedResponsePartition, version, flexible);
  if (flexible) writer.tagCount();
}

/** DescribeLed, API key 10001. */
export const describeLedCodec: ApiCodec<DescribeLedRequest, DescribeLedResponse> = {
  key: 10001,
  name: 'DescribeLed',
  versionMin: 0,
  versionMax: 0,
  flexibleFrom: 0,
  readRequest: readDescribeLedRequest,
  writeRequest: writeDescribeLedRequest,
  readResponse: readDescribeLedResponse,
  writeResponse: writeDescribeLedResponse,
};
