// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface AlterTopicRequestSetting {
  readonly name: string;
  readonly value: number;
}

export interface AlterTopicRequest {
  readonly topic: string;
  readonly settings: readonly AlterTopicRequestSetting[];
}

export interface AlterTopicResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

function readAlterTopicRequestSetting(
  reader: ProtocolReader,
  _version: number,
): AlterTopicRequestSetting {
  const flexible = true;
  const value: AlterTopicRequestSetting = {
    name: reader.string(flexible),
    value: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readAlterTopicRequest(reader: ProtocolReader, version: number): AlterTopicRequest {
  const flexible = true;
  const value: AlterTopicRequest = {
    topic: reader.string(flexible),
    settings: reader.array(readAlterTopicRequestSetting, version, flexible, 10),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readAlterTopicResponse(reader: ProtocolReader, _version: number): AlterTopicResponse {
  const flexible = true;
  const value: AlterTopicResponse = {
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeAlterTopicRequestSetting(
  writer: ProtocolWriter,
  value: AlterTopicRequestSetting,
  _version: number,
): void {
  const flexible = true;
  writer.string(value.name, flexible);
  writer.int64(value.value);
  if (flexible) writer.tagCount();
}

function writeAlterTopicRequest(
  writer: ProtocolWriter,
  value: AlterTopicRequest,
  version: number,
): void {
  const flexible = true;
  writer.string(value.topic, flexible);
  writer.array(value.settings, writeAlterTopicRequestSetting, version, flexible);
  if (flexible) writer.tagCount();
}

function writeAlterTopicResponse(
  writer: ProtocolWriter,
  value: AlterTopicResponse,
  _version: number,
): void {
  const flexible = true;
  writer.int16(value.errorCode);
  writer.nullableString(value.errorMessage, flexible);
  if (flexible) writer.tagCount();
}

/** AlterTopic, API key 10002. */
export const alterTopicCodec: ApiCodec<AlterTopicRequest, AlterTopicResponse> = {
  key: 10002,
  name: 'AlterTopic',
  versionMin: 1,
  versionMax: 1,
  flexibleFrom: 0,
  readRequest: readAlterTopicRequest,
  writeRequest: writeAlterTopicRequest,
  readResponse: readAlterTopicResponse,
  writeResponse: writeAlterTopicResponse,
};
