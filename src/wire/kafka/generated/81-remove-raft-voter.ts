// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import { zeroUuid } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface RemoveRaftVoterRequest {
  readonly clusterId: string | null;
  readonly voterId: number;
  readonly voterDirectoryId: Uuid;
  readonly topicId: Uuid;
  readonly partition: number;
}

export interface RemoveRaftVoterResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

function readRemoveRaftVoterRequest(
  reader: ProtocolReader,
  _version: number,
): RemoveRaftVoterRequest {
  const flexible = true;
  const clusterId = reader.nullableString(flexible);
  const voterId = reader.int32();
  const voterDirectoryId = reader.uuid();
  let topicId: Uuid = zeroUuid;
  let partition: number = -1;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 10000) topicId = reader.uuid();
    else if (tag === 10001) partition = reader.int32();
    else reader.skipTag();
    reader.endTag(end);
  }
  return { clusterId, voterId, voterDirectoryId, topicId, partition };
}

function readRemoveRaftVoterResponse(
  reader: ProtocolReader,
  _version: number,
): RemoveRaftVoterResponse {
  const flexible = true;
  const value: RemoveRaftVoterResponse = {
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeRemoveRaftVoterRequest(
  writer: ProtocolWriter,
  value: RemoveRaftVoterRequest,
  _version: number,
): void {
  const flexible = true;
  writer.nullableString(value.clusterId, flexible);
  writer.int32(value.voterId);
  writer.uuid(value.voterDirectoryId);
  if (flexible) {
    const { topicId } = value;
    const hasTopicId = topicId !== zeroUuid;
    const { partition } = value;
    const hasPartition = partition !== -1;
    writer.tagCount((hasTopicId ? 1 : 0) + (hasPartition ? 1 : 0));
    if (hasTopicId) {
      writer.beginTag(10000, 16);
      writer.uuid(topicId);
    }
    if (hasPartition) {
      writer.beginTag(10001, 4);
      writer.int32(partition);
    }
  }
}

function writeRemoveRaftVoterResponse(
  writer: ProtocolWriter,
  value: RemoveRaftVoterResponse,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.throttleTimeMs);
  writer.int16(value.errorCode);
  writer.nullableString(value.errorMessage, flexible);
  if (flexible) writer.tagCount();
}

/** RemoveRaftVoter, API key 81. */
export const removeRaftVoterCodec: ApiCodec<RemoveRaftVoterRequest, RemoveRaftVoterResponse> = {
  key: 81,
  name: 'RemoveRaftVoter',
  versionMin: 0,
  versionMax: 0,
  flexibleFrom: 0,
  readRequest: readRemoveRaftVoterRequest,
  writeRequest: writeRemoveRaftVoterRequest,
  readResponse: readRemoveRaftVoterResponse,
  writeResponse: writeRemoveRaftVoterResponse,
};
