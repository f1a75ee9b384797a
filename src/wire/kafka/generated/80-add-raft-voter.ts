// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import { zeroUuid } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface AddRaftVoterRequestListener {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface AddRaftVoterRequest {
  readonly clusterId: string | null;
  readonly timeoutMs: number;
  readonly voterId: number;
  readonly voterDirectoryId: Uuid;
  readonly listeners: readonly AddRaftVoterRequestListener[];
  readonly topicId: Uuid;
  readonly partition: number;
  readonly isWitness: boolean;
  readonly isReplacing: boolean;
  readonly replacedDirectoryId: Uuid;
}

export interface AddRaftVoterResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

function readAddRaftVoterRequestListener(
  reader: ProtocolReader,
  _version: number,
): AddRaftVoterRequestListener {
  const flexible = true;
  const value: AddRaftVoterRequestListener = {
    name: reader.string(flexible),
    host: reader.string(flexible),
    port: reader.uint16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readAddRaftVoterRequest(reader: ProtocolReader, version: number): AddRaftVoterRequest {
  const flexible = true;
  const clusterId = reader.nullableString(flexible);
  const timeoutMs = reader.int32();
  const voterId = reader.int32();
  const voterDirectoryId = reader.uuid();
  const listeners = reader.array(readAddRaftVoterRequestListener, version, flexible, 5);
  let topicId: Uuid = zeroUuid;
  let partition: number = -1;
  let isWitness: boolean = false;
  let isReplacing: boolean = false;
  let replacedDirectoryId: Uuid = zeroUuid;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 10000) topicId = reader.uuid();
    else if (tag === 10001) partition = reader.int32();
    else if (tag === 10002) isWitness = reader.boolean();
    else if (tag === 10003) isReplacing = reader.boolean();
    else if (tag === 10004) replacedDirectoryId = reader.uuid();
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
    clusterId,
    timeoutMs,
    voterId,
    voterDirectoryId,
    listeners,
    topicId,
    partition,
    isWitness,
    isReplacing,
    replacedDirectoryId,
  };
}

function readAddRaftVoterResponse(reader: ProtocolReader, _version: number): AddRaftVoterResponse {
  const flexible = true;
  const value: AddRaftVoterResponse = {
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeAddRaftVoterRequestListener(
  writer: ProtocolWriter,
  value: AddRaftVoterRequestListener,
  _version: number,
): void {
  const flexible = true;
  writer.string(value.name, flexible);
  writer.string(value.host, flexible);
  writer.int16(value.port);
  if (flexible) writer.tagCount();
}

function writeAddRaftVoterRequest(
  writer: ProtocolWriter,
  value: AddRaftVoterRequest,
  version: number,
): void {
  const flexible = true;
  writer.nullableString(value.clusterId, flexible);
  writer.int32(value.timeoutMs);
  writer.int32(value.voterId);
  writer.uuid(value.voterDirectoryId);
  writer.array(value.listeners, writeAddRaftVoterRequestListener, version, flexible);
  if (flexible) {
    const { topicId } = value;
    const hasTopicId = topicId !== zeroUuid;
    const { partition } = value;
    const hasPartition = partition !== -1;
    const { isWitness } = value;
    const hasIsWitness = isWitness !== false;
    const { isReplacing } = value;
    const hasIsReplacing = isReplacing !== false;
    const { replacedDirectoryId } = value;
    const hasReplacedDirectoryId = replacedDirectoryId !== zeroUuid;
    writer.tagCount(
      (hasTopicId ? 1 : 0) +
        (hasPartition ? 1 : 0) +
        (hasIsWitness ? 1 : 0) +
        (hasIsReplacing ? 1 : 0) +
        (hasReplacedDirectoryId ? 1 : 0),
    );
    if (hasTopicId) {
      writer.beginTag(10000, 16);
      writer.uuid(topicId);
    }
    if (hasPartition) {
      writer.beginTag(10001, 4);
      writer.int32(partition);
    }
    if (hasIsWitness) {
      writer.beginTag(10002, 1);
      writer.boolean(isWitness);
    }
    if (hasIsReplacing) {
      writer.beginTag(10003, 1);
      writer.boolean(isReplacing);
    }
    if (hasReplacedDirectoryId) {
      writer.beginTag(10004, 16);
      writer.uuid(replacedDirectoryId);
    }
  }
}

function writeAddRaftVoterResponse(
  writer: ProtocolWriter,
  value: AddRaftVoterResponse,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.throttleTimeMs);
  writer.int16(value.errorCode);
  writer.nullableString(value.errorMessage, flexible);
  if (flexible) writer.tagCount();
}

/** AddRaftVoter, API key 80. */
export const addRaftVoterCodec: ApiCodec<AddRaftVoterRequest, AddRaftVoterResponse> = {
  key: 80,
  name: 'AddRaftVoter',
  versionMin: 0,
  versionMax: 0,
  flexibleFrom: 0,
  readRequest: readAddRaftVoterRequest,
  writeRequest: writeAddRaftVoterRequest,
  readResponse: readAddRaftVoterResponse,
  writeResponse: writeAddRaftVoterResponse,
};
