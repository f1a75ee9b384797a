// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface IntroduceRequestPeer {
  readonly nodeId: number;
  readonly isWitness: boolean;
}

export interface IntroduceRequest {
  readonly clusterName: string;
  readonly clusterId: Uuid;
  readonly nodeId: number;
  readonly directoryId: Uuid;
  readonly startCounter: number;
  readonly isWitness: boolean;
  readonly peers: readonly IntroduceRequestPeer[];
  readonly clusterTopicId: Uuid;
  readonly purpose: string;
  readonly softwareVersion: string;
  readonly startIds: readonly Uuid[];
  readonly wallMs: number;
  readonly formerDirectoryIds: readonly Uuid[];
}

export interface IntroduceResponsePeer {
  readonly nodeId: number;
  readonly isWitness: boolean;
}

export interface IntroduceResponseVoter {
  readonly nodeId: number;
  readonly directoryId: Uuid;
  readonly isWitness: boolean;
}

export interface IntroduceResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly clusterName: string;
  readonly clusterId: Uuid;
  readonly nodeId: number;
  readonly directoryId: Uuid;
  readonly startCounter: number;
  readonly isWitness: boolean;
  readonly peers: readonly IntroduceResponsePeer[];
  readonly clusterTopicId: Uuid;
  readonly softwareVersion: string;
  readonly clusterLeaderId: number;
  readonly clusterLeaderEpoch: number;
  readonly clusterVoters: readonly IntroduceResponseVoter[];
  readonly startIds: readonly Uuid[];
  readonly wallMs: number;
  readonly formerDirectoryIds: readonly Uuid[];
}

function readIntroduceRequestPeer(reader: ProtocolReader, _version: number): IntroduceRequestPeer {
  const flexible = true;
  const value: IntroduceRequestPeer = {
    nodeId: reader.int32(),
    isWitness: reader.boolean(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readIntroduceRequest(reader: ProtocolReader, version: number): IntroduceRequest {
  const flexible = true;
  const clusterName = reader.string(flexible);
  const clusterId = reader.uuid();
  const nodeId = reader.int32();
  const directoryId = reader.uuid();
  const startCounter = reader.int64();
  const isWitness = reader.boolean();
  const peers = reader.array(readIntroduceRequestPeer, version, flexible, 6);
  const clusterTopicId = reader.uuid();
  const purpose = reader.string(flexible);
  const softwareVersion = reader.string(flexible);
  let startIds: readonly Uuid[] = [];
  let wallMs: number = -1;
  let formerDirectoryIds: readonly Uuid[] = [];
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 10000) startIds = reader.array((r) => r.uuid(), version, flexible, 16);
    else if (tag === 10001) wallMs = reader.int64();
    else if (tag === 10002)
      formerDirectoryIds = reader.array((r) => r.uuid(), version, flexible, 16);
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
    clusterName,
    clusterId,
    nodeId,
    directoryId,
    startCounter,
    isWitness,
    peers,
    clusterTopicId,
    purpose,
    softwareVersion,
    startIds,
    wallMs,
    formerDirectoryIds,
  };
}

function readIntroduceResponsePeer(
  reader: ProtocolReader,
  _version: number,
): IntroduceResponsePeer {
  const flexible = true;
  const value: IntroduceResponsePeer = {
    nodeId: reader.int32(),
    isWitness: reader.boolean(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readIntroduceResponseVoter(
  reader: ProtocolReader,
  _version: number,
): IntroduceResponseVoter {
  const flexible = true;
  const value: IntroduceResponseVoter = {
    nodeId: reader.int32(),
    directoryId: reader.uuid(),
    isWitness: reader.boolean(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readIntroduceResponse(reader: ProtocolReader, version: number): IntroduceResponse {
  const flexible = true;
  const errorCode = reader.int16();
  const errorMessage = reader.nullableString(flexible);
  const clusterName = reader.string(flexible);
  const clusterId = reader.uuid();
  const nodeId = reader.int32();
  const directoryId = reader.uuid();
  const startCounter = reader.int64();
  const isWitness = reader.boolean();
  const peers = reader.array(readIntroduceResponsePeer, version, flexible, 6);
  const clusterTopicId = reader.uuid();
  const softwareVersion = reader.string(flexible);
  const clusterLeaderId = reader.int32();
  const clusterLeaderEpoch = reader.int32();
  const clusterVoters = reader.array(readIntroduceResponseVoter, version, flexible, 22);
  let startIds: readonly Uuid[] = [];
  let wallMs: number = -1;
  let formerDirectoryIds: readonly Uuid[] = [];
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 10000) startIds = reader.array((r) => r.uuid(), version, flexible, 16);
    else if (tag === 10001) wallMs = reader.int64();
    else if (tag === 10002)
      formerDirectoryIds = reader.array((r) => r.uuid(), version, flexible, 16);
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
    errorCode,
    errorMessage,
    clusterName,
    clusterId,
    nodeId,
    directoryId,
    startCounter,
    isWitness,
    peers,
    clusterTopicId,
    softwareVersion,
    clusterLeaderId,
    clusterLeaderEpoch,
    clusterVoters,
    startIds,
    wallMs,
    formerDirectoryIds,
  };
}

function writeIntroduceRequestPeer(
  writer: ProtocolWriter,
  value: IntroduceRequestPeer,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.nodeId);
  writer.boolean(value.isWitness);
  if (flexible) writer.tagCount();
}

function writeIntroduceRequest(
  writer: ProtocolWriter,
  value: IntroduceRequest,
  version: number,
): void {
  const flexible = true;
  writer.string(value.clusterName, flexible);
  writer.uuid(value.clusterId);
  writer.int32(value.nodeId);
  writer.uuid(value.directoryId);
  writer.int64(value.startCounter);
  writer.boolean(value.isWitness);
  writer.array(value.peers, writeIntroduceRequestPeer, version, flexible);
  writer.uuid(value.clusterTopicId);
  writer.string(value.purpose, flexible);
  writer.string(value.softwareVersion, flexible);
  if (flexible) {
    const { startIds } = value;
    const hasStartIds = startIds.length > 0;
    const { wallMs } = value;
    const hasWallMs = wallMs !== -1;
    const { formerDirectoryIds } = value;
    const hasFormerDirectoryIds = formerDirectoryIds.length > 0;
    writer.tagCount((hasStartIds ? 1 : 0) + (hasWallMs ? 1 : 0) + (hasFormerDirectoryIds ? 1 : 0));
    if (hasStartIds)
      writer.tag(10000, (field) =>
        field.array(startIds, (w, element) => w.uuid(element), version, flexible),
      );
    if (hasWallMs) {
      writer.beginTag(10001, 8);
      writer.int64(wallMs);
    }
    if (hasFormerDirectoryIds)
      writer.tag(10002, (field) =>
        field.array(formerDirectoryIds, (w, element) => w.uuid(element), version, flexible),
      );
  }
}

function writeIntroduceResponsePeer(
  writer: ProtocolWriter,
  value: IntroduceResponsePeer,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.nodeId);
  writer.boolean(value.isWitness);
  if (flexible) writer.tagCount();
}

function writeIntroduceResponseVoter(
  writer: ProtocolWriter,
  value: IntroduceResponseVoter,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.nodeId);
  writer.uuid(value.directoryId);
  writer.boolean(value.isWitness);
  if (flexible) writer.tagCount();
}

function writeIntroduceResponse(
  writer: ProtocolWriter,
  value: IntroduceResponse,
  version: number,
): void {
  const flexible = true;
  writer.int16(value.errorCode);
  writer.nullableString(value.errorMessage, flexible);
  writer.string(value.clusterName, flexible);
  writer.uuid(value.clusterId);
  writer.int32(value.nodeId);
  writer.uuid(value.directoryId);
  writer.int64(value.startCounter);
  writer.boolean(value.isWitness);
  writer.array(value.peers, writeIntroduceResponsePeer, version, flexible);
  writer.uuid(value.clusterTopicId);
  writer.string(value.softwareVersion, flexible);
  writer.int32(value.clusterLeaderId);
  writer.int32(value.clusterLeaderEpoch);
  writer.array(value.clusterVoters, writeIntroduceResponseVoter, version, flexible);
  if (flexible) {
    const { startIds } = value;
    const hasStartIds = startIds.length > 0;
    const { wallMs } = value;
    const hasWallMs = wallMs !== -1;
    const { formerDirectoryIds } = value;
    const hasFormerDirectoryIds = formerDirectoryIds.length > 0;
    writer.tagCount((hasStartIds ? 1 : 0) + (hasWallMs ? 1 : 0) + (hasFormerDirectoryIds ? 1 : 0));
    if (hasStartIds)
      writer.tag(10000, (field) =>
        field.array(startIds, (w, element) => w.uuid(element), version, flexible),
      );
    if (hasWallMs) {
      writer.beginTag(10001, 8);
      writer.int64(wallMs);
    }
    if (hasFormerDirectoryIds)
      writer.tag(10002, (field) =>
        field.array(formerDirectoryIds, (w, element) => w.uuid(element), version, flexible),
      );
  }
}

/** Introduce, API key 10000. */
export const introduceCodec: ApiCodec<IntroduceRequest, IntroduceResponse> = {
  key: 10000,
  name: 'Introduce',
  versionMin: 0,
  versionMax: 0,
  flexibleFrom: 0,
  readRequest: readIntroduceRequest,
  writeRequest: writeIntroduceRequest,
  readResponse: readIntroduceResponse,
  writeResponse: writeIntroduceResponse,
};
