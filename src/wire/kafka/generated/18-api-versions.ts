// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface ApiVersionsRequest {
  readonly clientSoftwareName: string;
  readonly clientSoftwareVersion: string;
}

export interface ApiVersionsResponseApiKey {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface ApiVersionsResponseSupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface ApiVersionsResponseFinalizedFeature {
  readonly name: string;
  readonly maxVersionLevel: number;
  readonly minVersionLevel: number;
}

export interface ApiVersionsResponse {
  readonly errorCode: number;
  readonly apiKeys: readonly ApiVersionsResponseApiKey[];
  readonly throttleTimeMs: number;
  readonly supportedFeatures: readonly ApiVersionsResponseSupportedFeature[];
  readonly finalizedFeaturesEpoch: number;
  readonly finalizedFeatures: readonly ApiVersionsResponseFinalizedFeature[];
  readonly zkMigrationReady: boolean;
}

function readApiVersionsRequest(reader: ProtocolReader, version: number): ApiVersionsRequest {
  const flexible = version >= 3;
  const value: ApiVersionsRequest = {
    clientSoftwareName: version >= 3 ? reader.string(flexible) : '',
    clientSoftwareVersion: version >= 3 ? reader.string(flexible) : '',
  };
  if (flexible) reader.skipTags();
  return value;
}

function readApiVersionsResponseApiKey(
  reader: ProtocolReader,
  version: number,
): ApiVersionsResponseApiKey {
  const flexible = version >= 3;
  const value: ApiVersionsResponseApiKey = {
    apiKey: reader.int16(),
    minVersion: reader.int16(),
    maxVersion: reader.int16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readApiVersionsResponseSupportedFeature(
  reader: ProtocolReader,
  version: number,
): ApiVersionsResponseSupportedFeature {
  const flexible = version >= 3;
  const value: ApiVersionsResponseSupportedFeature = {
    name: reader.string(flexible),
    minVersion: reader.int16(),
    maxVersion: reader.int16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readApiVersionsResponseFinalizedFeature(
  reader: ProtocolReader,
  version: number,
): ApiVersionsResponseFinalizedFeature {
  const flexible = version >= 3;
  const value: ApiVersionsResponseFinalizedFeature = {
    name: reader.string(flexible),
    maxVersionLevel: reader.int16(),
    minVersionLevel: reader.int16(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readApiVersionsResponse(reader: ProtocolReader, version: number): ApiVersionsResponse {
  const flexible = version >= 3;
  const errorCode = reader.int16();
  const apiKeys = reader.array(readApiVersionsResponseApiKey, version, flexible, 6);
  const throttleTimeMs = version >= 1 ? reader.int32() : 0;
  let supportedFeatures: readonly ApiVersionsResponseSupportedFeature[] = [];
  let finalizedFeaturesEpoch: number = -1;
  let finalizedFeatures: readonly ApiVersionsResponseFinalizedFeature[] = [];
  let zkMigrationReady: boolean = false;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0)
      supportedFeatures = reader.array(
        readApiVersionsResponseSupportedFeature,
        version,
        flexible,
        6,
      );
    else if (tag === 1) finalizedFeaturesEpoch = reader.int64();
    else if (tag === 2)
      finalizedFeatures = reader.array(
        readApiVersionsResponseFinalizedFeature,
        version,
        flexible,
        6,
      );
    else if (tag === 3) zkMigrationReady = reader.boolean();
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
    errorCode,
    apiKeys,
    throttleTimeMs,
    supportedFeatures,
    finalizedFeaturesEpoch,
    finalizedFeatures,
    zkMigrationReady,
  };
}

function writeApiVersionsRequest(
  writer: ProtocolWriter,
  value: ApiVersionsRequest,
  version: number,
): void {
  const flexible = version >= 3;
  if (version >= 3) {
    writer.string(value.clientSoftwareName, flexible);
  }
  if (version >= 3) {
    writer.string(value.clientSoftwareVersion, flexible);
  }
  if (flexible) writer.tagCount();
}

function writeApiVersionsResponseApiKey(
  writer: ProtocolWriter,
  value: ApiVersionsResponseApiKey,
  version: number,
): void {
  const flexible = version >= 3;
  writer.int16(value.apiKey);
  writer.int16(value.minVersion);
  writer.int16(value.maxVersion);
  if (flexible) writer.tagCount();
}

function writeApiVersionsResponseSupportedFeature(
  writer: ProtocolWriter,
  value: ApiVersionsResponseSupportedFeature,
  version: number,
): void {
  const flexible = version >= 3;
  writer.string(value.name, flexible);
  writer.int16(value.minVersion);
  writer.int16(value.maxVersion);
  if (flexible) writer.tagCount();
}

function writeApiVersionsResponseFinalizedFeature(
  writer: ProtocolWriter,
  value: ApiVersionsResponseFinalizedFeature,
  version: number,
): void {
  const flexible = version >= 3;
  writer.string(value.name, flexible);
  writer.int16(value.maxVersionLevel);
  writer.int16(value.minVersionLevel);
  if (flexible) writer.tagCount();
}

function writeApiVersionsResponse(
  writer: ProtocolWriter,
  value: ApiVersionsResponse,
  version: number,
): void {
  const flexible = version >= 3;
  writer.int16(value.errorCode);
  writer.array(value.apiKeys, writeApiVersionsResponseApiKey, version, flexible);
  if (version >= 1) {
    writer.int32(value.throttleTimeMs);
  }
  if (flexible) {
    const { supportedFeatures } = value;
    const hasSupportedFeatures = supportedFeatures.length > 0;
    const { finalizedFeaturesEpoch } = value;
    const hasFinalizedFeaturesEpoch = finalizedFeaturesEpoch !== -1;
    const { finalizedFeatures } = value;
    const hasFinalizedFeatures = finalizedFeatures.length > 0;
    const { zkMigrationReady } = value;
    const hasZkMigrationReady = zkMigrationReady !== false;
    writer.tagCount(
      (hasSupportedFeatures ? 1 : 0) +
        (hasFinalizedFeaturesEpoch ? 1 : 0) +
        (hasFinalizedFeatures ? 1 : 0) +
        (hasZkMigrationReady ? 1 : 0),
    );
    if (hasSupportedFeatures)
      writer.tag(0, (field) =>
        field.array(supportedFeatures, writeApiVersionsResponseSupportedFeature, version, flexible),
      );
    if (hasFinalizedFeaturesEpoch) {
      writer.beginTag(1, 8);
      writer.int64(finalizedFeaturesEpoch);
    }
    if (hasFinalizedFeatures)
      writer.tag(2, (field) =>
        field.array(finalizedFeatures, writeApiVersionsResponseFinalizedFeature, version, flexible),
      );
    if (hasZkMigrationReady) {
      writer.beginTag(3, 1);
      writer.boolean(zkMigrationReady);
    }
  }
}

/** ApiVersions, API key 18. */
export const apiVersionsCodec: ApiCodec<ApiVersionsRequest, ApiVersionsResponse> = {
  key: 18,
  name: 'ApiVersions',
  versionMin: 0,
  versionMax: 4,
  flexibleFrom: 3,
  readRequest: readApiVersionsRequest,
  writeRequest: writeApiVersionsRequest,
  readResponse: readApiVersionsResponse,
  writeResponse: writeApiVersionsResponse,
};
