// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface DescribeConfigsRequestResource {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configurationKeys: readonly string[] | null;
}

export interface DescribeConfigsRequest {
  readonly resources: readonly DescribeConfigsRequestResource[];
  readonly includeSynonyms: boolean;
  readonly includeDocumentation: boolean;
}

export interface DescribeConfigsResponseSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
}

export interface DescribeConfigsResponseConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly DescribeConfigsResponseSynonym[];
  readonly configType: number;
  readonly documentation: string | null;
}

export interface DescribeConfigsResponseResult {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly DescribeConfigsResponseConfig[];
}

export interface DescribeConfigsResponse {
  readonly throttleTimeMs: number;
  readonly results: readonly DescribeConfigsResponseResult[];
}

function readDescribeConfigsRequestResource(
  reader: ProtocolReader,
  version: number,
): DescribeConfigsRequestResource {
  const flexible = version >= 4;
  const value: DescribeConfigsRequestResource = {
    resourceType: reader.int8(),
    resourceName: reader.string(flexible),
    configurationKeys: reader.nullableArray((r) => r.string(flexible), version, flexible, 1),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readDescribeConfigsRequest(
  reader: ProtocolReader,
  version: number,
): DescribeConfigsRequest {
  const flexible = version >= 4;
  const value: DescribeConfigsRequest = {
    resources: reader.array(readDescribeConfigsRequestResource, version, flexible, 4),
    includeSynonyms: reader.boolean(),
    includeDocumentation: version >= 3 ? reader.boolean() : false,
  };
  if (flexible) reader.skipTags();
  return value;
}

function readDescribeConfigsResponseSynonym(
  reader: ProtocolReader,
  version: number,
): DescribeConfigsResponseSynonym {
  const flexible = version >= 4;
  const value: DescribeConfigsResponseSynonym = {
    name: reader.string(flexible),
    value: reader.nullableString(flexible),
    source: reader.int8(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readDescribeConfigsResponseConfig(
  reader: ProtocolReader,
  version: number,
): DescribeConfigsResponseConfig {
  const flexible = version >= 4;
  const value: DescribeConfigsResponseConfig = {
    name: reader.string(flexible),
    value: reader.nullableString(flexible),
    readOnly: reader.boolean(),
    configSource: reader.int8(),
    isSensitive: reader.boolean(),
    synonyms: reader.array(readDescribeConfigsResponseSynonym, version, flexible, 4),
    configType: version >= 3 ? reader.int8() : 0,
    documentation: version >= 3 ? reader.nullableString(flexible) : null,
  };
  if (flexible) reader.skipTags();
  return value;
}

function readDescribeConfigsResponseResult(
  reader: ProtocolReader,
  version: number,
): DescribeConfigsResponseResult {
  const flexible = version >= 4;
  const value: DescribeConfigsResponseResult = {
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(flexible),
    resourceType: reader.int8(),
    resourceName: reader.string(flexible),
    configs: reader.array(readDescribeConfigsResponseConfig, version, flexible, 9),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readDescribeConfigsResponse(
  reader: ProtocolReader,
  version: number,
): DescribeConfigsResponse {
  const flexible = version >= 4;
  const value: DescribeConfigsResponse = {
    throttleTimeMs: reader.int32(),
    results: reader.array(readDescribeConfigsResponseResult, version, flexible, 7),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeDescribeConfigsRequestResource(
  writer: ProtocolWriter,
  value: DescribeConfigsRequestResource,
  version: number,
): void {
  const flexible = version >= 4;
  writer.int8(value.resourceType);
  writer.string(value.resourceName, flexible);
  writer.nullableArray(
    value.configurationKeys,
    (w, element) => w.string(element, flexible),
    version,
    flexible,
  );
  if (flexible) writer.tagCount();
}

function writeDescribeConfigsRequest(
  writer: ProtocolWriter,
  value: DescribeConfigsRequest,
  version: number,
): void {
  const flexible = version >= 4;
  writer.array(value.resources, writeDescribeConfigsRequestResource, version, flexible);
  writer.boolean(value.includeSynonyms);
  if (version >= 3) {
    writer.boolean(value.includeDocumentation);
  }
  if (flexible) writer.tagCount();
}

function writeDescribeConfigsResponseSynonym(
  writer: ProtocolWriter,
  value: DescribeConfigsResponseSynonym,
  version: number,
): void {
  const flexible = version >= 4;
  writer.string(value.name, flexible);
  writer.nullableString(value.value, flexible);
  writer.int8(value.source);
  if (flexible) writer.tagCount();
}

function writeDescribeConfigsResponseConfig(
  writer: ProtocolWriter,
  value: DescribeConfigsResponseConfig,
  version: number,
): void {
  const flexible = version >= 4;
  writer.string(value.name, flexible);
  writer.nullableString(value.value, flexible);
  writer.boolean(value.readOnly);
  writer.int8(value.configSource);
  writer.boolean(value.isSensitive);
  writer.array(value.synonyms, writeDescribeConfigsResponseSynonym, version, flexible);
  if (version >= 3) {
    writer.int8(value.configType);
  }
  if (version >= 3) {
    writer.nullableString(value.documentation, flexible);
  }
  if (flexible) writer.tagCount();
}

function writeDescribeConfigsResponseResult(
  writer: ProtocolWriter,
  value: DescribeConfigsResponseResult,
  version: number,
): void {
  const flexible = version >= 4;
  writer.int16(value.errorCode);
  writer.nullableString(value.errorMessage, flexible);
  writer.int8(value.resourceType);
  writer.string(value.resourceName, flexible);
  writer.array(value.configs, writeDescribeConfigsResponseConfig, version, flexible);
  if (flexible) writer.tagCount();
}

function writeDescribeConfigsResponse(
  writer: ProtocolWriter,
  value: DescribeConfigsResponse,
  version: number,
): void {
  const flexible = version >= 4;
  writer.int32(value.throttleTimeMs);
  writer.array(value.results, writeDescribeConfigsResponseResult, version, flexible);
  if (flexible) writer.tagCount();
}

/** DescribeConfigs, API key 32. */
export const describeConfigsCodec: ApiCodec<DescribeConfigsRequest, DescribeConfigsResponse> = {
  key: 32,
  name: 'DescribeConfigs',
  versionMin: 1,
  versionMax: 4,
  flexibleFrom: 4,
  readRequest: readDescribeConfigsRequest,
  writeRequest: writeDescribeConfigsRequest,
  readResponse: readDescribeConfigsResponse,
  writeResponse: writeDescribeConfigsResponse,
};
