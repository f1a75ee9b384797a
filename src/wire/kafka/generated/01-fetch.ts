// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface FetchRequestPartition {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly logStartOffset: number;
  readonly partitionMaxBytes: number;
}

export interface FetchRequestTopic {
  readonly topic: string;
  readonly partitions: readonly FetchRequestPartition[];
}

export interface FetchRequestForgottenTopic {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface FetchRequest {
  readonly clusterId: string | null;
  readonly replicaId: number;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolationLevel: number;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly FetchRequestTopic[];
  readonly forgottenTopicsData: readonly FetchRequestForgottenTopic[];
  readonly rackId: string;
}

export interface FetchResponseEpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

export interface FetchResponseLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface FetchResponseSnapshot {
  readonly endOffset: number;
  readonly epoch: number;
}

export interface FetchResponseAbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface FetchResponsePartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly divergingEpoch: FetchResponseEpochEnd | null;
  readonly currentLeader: FetchResponseLeader | null;
  readonly snapshotId: FetchResponseSnapshot | null;
  readonly abortedTransactions: readonly FetchResponseAbortedTransaction[] | null;
  readonly preferredReadReplica: number;
  readonly records: Uint8Array | null;
}

export interface FetchResponseTopic {
  readonly topic: string;
  readonly partitions: readonly FetchResponsePartition[];
}

export interface FetchResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly FetchResponseTopic[];
}

function readFetchRequestPartition(reader: ProtocolReader, version: number): FetchRequestPartition {
  const flexible = version >= 12;
  const value: FetchRequestPartition = {
    partition: reader.int32(),
    currentLeaderEpoch: version >= 9 ? reader.int32() : -1,
    fetchOffset: reader.int64(),
    lastFetchedEpoch: version >= 12 ? reader.int32() : -1,
    logStartOffset: version >= 5 ? reader.int64() : -1,
    partitionMaxBytes: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFetchRequestTopic(reader: ProtocolReader, version: number): FetchRequestTopic {
  const flexible = version >= 12;
  const value: FetchRequestTopic = {
    topic: reader.string(flexible),
    partitions: reader.array(readFetchRequestPartition, version, flexible, 16),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFetchRequestForgottenTopic(
  reader: ProtocolReader,
  version: number,
): FetchRequestForgottenTopic {
  const flexible = version >= 12;
  const value: FetchRequestForgottenTopic = {
    topic: reader.string(flexible),
    partitions: reader.int32Array(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFetchRequest(reader: ProtocolReader, version: number): FetchRequest {
  const flexible = version >= 12;
  const replicaId = reader.int32();
  const maxWaitMs = reader.int32();
  const minBytes = reader.int32();
  const maxBytes = reader.int32();
  const isolationLevel = reader.int8();
  const sessionId = version >= 7 ? reader.int32() : 0;
  const sessionEpoch = version >= 7 ? reader.int32() : -1;
  const topics = reader.array(readFetchRequestTopic, version, flexible, 3);
  const forgottenTopicsData =
    version >= 7 ? reader.array(readFetchRequestForgottenTopic, version, flexible, 3) : [];
  const rackId = version >= 11 ? reader.string(flexible) : '';
  let clusterId: string | null = null;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0) clusterId = reader.nullableString(flexible);
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
    replicaId,
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel,
    sessionId,
    sessionEpoch,
    topics,
    forgottenTopicsData,
    rackId,
    clusterId,
  };
}

function readFetchResponseEpochEnd(reader: ProtocolReader, version: number): FetchResponseEpochEnd {
  const flexible = version >= 12;
  const value: FetchResponseEpochEnd = {
    epoch: reader.int32(),
    endOffset: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFetchResponseLeader(reader: ProtocolReader, version: number): FetchResponseLeader {
  const flexible = version >= 12;
  const value: FetchResponseLeader = {
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFetchResponseSnapshot(reader: ProtocolReader, version: number): FetchResponseSnapshot {
  const flexible = version >= 12;
  const value: FetchResponseSnapshot = {
    endOffset: reader.int64(),
    epoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFetchResponseAbortedTransaction(
  reader: ProtocolReader,
  version: number,
): FetchResponseAbortedTransaction {
  const flexible = version >= 12;
  const value: FetchResponseAbortedTransaction = {
    producerId: reader.bigInt64(),
    firstOffset: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFetchResponsePartition(
  reader: ProtocolReader,
  version: number,
): FetchResponsePartition {
  const flexible = version >= 12;
  const partitionIndex = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  const logStartOffset = version >= 5 ? reader.int64() : -1;
  const abortedTransactions = reader.nullableArray(
    readFetchResponseAbortedTransaction,
    version,
    flexible,
    16,
  );
  const preferredReadReplica = version >= 11 ? reader.int32() : -1;
  const records = reader.nullableBytes(flexible);
  let divergingEpoch: FetchResponseEpochEnd | null = null;
  let currentLeader: FetchResponseLeader | null = null;
  let snapshotId: FetchResponseSnapshot | null = null;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0) divergingEpoch = readFetchResponseEpochEnd(reader, version);
    else if (tag === 1) currentLeader = readFetchResponseLeader(reader, version);
    else if (tag === 2) snapshotId = readFetchResponseSnapshot(reader, version);
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
    partitionIndex,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions,
    preferredReadReplica,
    records,
    divergingEpoch,
    currentLeader,
    snapshotId,
  };
}

function readFetchResponseTopic(reader: ProtocolReader, version: number): FetchResponseTopic {
  const flexible = version >= 12;
  const value: FetchResponseTopic = {
    topic: reader.string(flexible),
    partitions: reader.array(readFetchResponsePartition, version, flexible, 30),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readFetchResponse(reader: ProtocolReader, version: number): FetchResponse {
  const flexible = version >= 12;
  const value: FetchResponse = {
    throttleTimeMs: reader.int32(),
    errorCode: version >= 7 ? reader.int16() : 0,
    sessionId: version >= 7 ? reader.int32() : 0,
    responses: reader.array(readFetchResponseTopic, version, flexible, 3),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writeFetchRequestPartition(
  writer: ProtocolWriter,
  value: FetchRequestPartition,
  version: number,
): void {
  const flexible = version >= 12;
  writer.int32(value.partition);
  if (version >= 9) {
    writer.int32(value.currentLeaderEpoch);
  }
  writer.int64(value.fetchOffset);
  if (version >= 12) {
    writer.int32(value.lastFetchedEpoch);
  }
  if (version >= 5) {
    writer.int64(value.logStartOffset);
  }
  writer.int32(value.partitionMaxBytes);
  if (flexible) writer.tagCount();
}

function writeFetchRequestTopic(
  writer: ProtocolWriter,
  value: FetchRequestTopic,
  version: number,
): void {
  const flexible = version >= 12;
  writer.string(value.topic, flexible);
  writer.array(value.partitions, writeFetchRequestPartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writeFetchRequestForgottenTopic(
  writer: ProtocolWriter,
  value: FetchRequestForgottenTopic,
  version: number,
): void {
  const flexible = version >= 12;
  writer.string(value.topic, flexible);
  writer.array(value.partitions, (w, element) => w.int32(element), version, flexible);
  if (flexible) writer.tagCount();
}

function writeFetchRequest(writer: ProtocolWriter, value: FetchRequest, version: number): void {
  const flexible = version >= 12;
  writer.int32(value.replicaId);
  writer.int32(value.maxWaitMs);
  writer.int32(value.minBytes);
  writer.int32(value.maxBytes);
  writer.int8(value.isolationLevel);
  if (version >= 7) {
    writer.int32(value.sessionId);
  }
  if (version >= 7) {
    writer.int32(value.sessionEpoch);
  }
  writer.array(value.topics, writeFetchRequestTopic, version, flexible);
  if (version >= 7) {
    writer.array(value.forgottenTopicsData, writeFetchRequestForgottenTopic, version, flexible);
  }
  if (version >= 11) {
    writer.string(value.rackId, flexible);
  }
  if (flexible) {
    const { clusterId } = value;
    const hasClusterId = clusterId !== null;
    writer.tagCount(hasClusterId ? 1 : 0);
    if (hasClusterId) writer.tag(0, (field) => field.string(clusterId, flexible));
  }
}

function writeFetchResponseEpochEnd(
  writer: ProtocolWriter,
  value: FetchResponseEpochEnd,
  version: number,
): void {
  const flexible = version >= 12;
  writer.int32(value.epoch);
  writer.int64(value.endOffset);
  if (flexible) writer.tagCount();
}

function writeFetchResponseLeader(
  writer: ProtocolWriter,
  value: FetchResponseLeader,
  version: number,
): void {
  const flexible = version >= 12;
  writer.int32(value.leaderId);
  writer.int32(value.leaderEpoch);
  if (flexible) writer.tagCount();
}

function writeFetchResponseSnapshot(
  writer: ProtocolWriter,
  value: FetchResponseSnapshot,
  version: number,
): void {
  const flexible = version >= 12;
  writer.int64(value.endOffset);
  writer.int32(value.epoch);
  if (flexible) writer.tagCount();
}

function writeFetchResponseAbortedTransaction(
  writer: ProtocolWriter,
  value: FetchResponseAbortedTransaction,
  version: number,
): void {
  const flexible = version >= 12;
  writer.bigInt64(value.producerId);
  writer.int64(value.firstOffset);
  if (flexible) writer.tagCount();
}

function writeFetchResponsePartition(
  writer: ProtocolWriter,
  value: FetchResponsePartition,
  version: number,
): void {
  const flexible = version >= 12;
  writer.int32(value.partitionIndex);
  writer.int16(value.errorCode);
  writer.int64(value.highWatermark);
  writer.int64(value.lastStableOffset);
  if (version >= 5) {
    writer.int64(value.logStartOffset);
  }
  writer.nullableArray(
    value.abortedTransactions,
    writeFetchResponseAbortedTransaction,
    version,
    flexible,
  );
  if (version >= 11) {
    writer.int32(value.preferredReadReplica);
  }
  writer.nullableBytes(value.records, flexible);
  if (flexible) {
    const { divergingEpoch } = value;
    const hasDivergingEpoch = divergingEpoch !== null;
    const { currentLeader } = value;
    const hasCurrentLeader = currentLeader !== null;
    const { snapshotId } = value;
    const hasSnapshotId = snapshotId !== null;
    writer.tagCount(
      (hasDivergingEpoch ? 1 : 0) + (hasCurrentLeader ? 1 : 0) + (hasSnapshotId ? 1 : 0),
    );
    if (hasDivergingEpoch)
      writer.tag(0, (field) => writeFetchResponseEpochEnd(field, divergingEpoch, version));
    if (hasCurrentLeader)
      writer.tag(1, (field) => writeFetchResponseLeader(field, currentLeader, version));
    if (hasSnapshotId)
      writer.tag(2, (field) => writeFetchResponseSnapshot(field, snapshotId, version));
  }
}

function writeFetchResponseTopic(
  writer: ProtocolWriter,
  value: FetchResponseTopic,
  version: number,
): void {
  const flexible = version >= 12;
  writer.string(value.topic, flexible);
  writer.array(value.partitions, writeFetchResponsePartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writeFetchResponse(writer: ProtocolWriter, value: FetchResponse, version: number): void {
  const flexible = version >= 12;
  writer.int32(value.throttleTimeMs);
  if (version >= 7) {
    writer.int16(value.errorCode);
  }
  if (version >= 7) {
    writer.int32(value.sessionId);
  }
  writer.array(value.responses, writeFetchResponseTopic, version, flexible);
  if (flexible) writer.tagCount();
}

/** Fetch, API key 1. */
export const fetchCodec: ApiCodec<FetchRequest, FetchResponse> = {
  key: 1,
  name: 'Fetch',
  versionMin: 4,
  versionMax: 12,
  flexibleFrom: 12,
  readRequest: readFetchRequest,
  writeRequest: writeFetchRequest,
  readResponse: readFetchResponse,
  writeResponse: writeFetchResponse,
};
