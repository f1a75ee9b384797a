// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.
import type { Uuid } from '../../../base/brand.ts';
import type { ApiCodec } from '../codec.ts';
import type { ProtocolReader } from '../protocol-reader.ts';
import { zeroUuid } from '../protocol-reader.ts';
import type { ProtocolWriter } from '../protocol-writer.ts';

export interface PeerFetchRequestReplicaState {
  readonly replicaId: number;
  readonly replicaEpoch: number;
}

export interface PeerFetchRequestPartition {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly logStartOffset: number;
  readonly partitionMaxBytes: number;
  readonly replicaDirectoryId: Uuid;
  readonly persistedOffset: number;
  readonly isWitness: boolean;
}

export interface PeerFetchRequestTopic {
  readonly topicId: Uuid;
  readonly partitions: readonly PeerFetchRequestPartition[];
}

export interface PeerFetchRequestForgottenTopic {
  readonly topicId: Uuid;
  readonly partitions: readonly number[];
}

export interface PeerFetchRequest {
  readonly clusterId: string | null;
  readonly replicaState: PeerFetchRequestReplicaState | null;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolationLevel: number;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly PeerFetchRequestTopic[];
  readonly forgottenTopicsData: readonly PeerFetchRequestForgottenTopic[];
  readonly rackId: string;
}

export interface PeerFetchResponseEpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

export interface PeerFetchResponseLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface PeerFetchResponseSnapshot {
  readonly endOffset: number;
  readonly epoch: number;
}

export interface PeerFetchResponseVoter {
  readonly nodeId: number;
  readonly directoryId: Uuid;
  readonly isWitness: boolean;
}

export interface PeerFetchResponseEpochStart {
  readonly epoch: number;
  readonly startOffset: number;
}

export interface PeerFetchResponseAbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface PeerFetchResponsePartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly divergingEpoch: PeerFetchResponseEpochEnd | null;
  readonly currentLeader: PeerFetchResponseLeader | null;
  readonly snapshotId: PeerFetchResponseSnapshot | null;
  readonly epochBeforeStart: number;
  readonly startVoters: readonly PeerFetchResponseVoter[];
  readonly witnessEnd: number;
  readonly witnessEpochs: readonly PeerFetchResponseEpochStart[];
  readonly abortedTransactions: readonly PeerFetchResponseAbortedTransaction[] | null;
  readonly preferredReadReplica: number;
  readonly records: Uint8Array | null;
}

export interface PeerFetchResponseTopic {
  readonly topicId: Uuid;
  readonly partitions: readonly PeerFetchResponsePartition[];
}

export interface PeerFetchResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly PeerFetchResponseTopic[];
}

function readPeerFetchRequestReplicaState(
  reader: ProtocolReader,
  _version: number,
): PeerFetchRequestReplicaState {
  const flexible = true;
  const value: PeerFetchRequestReplicaState = {
    replicaId: reader.int32(),
    replicaEpoch: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchRequestPartition(
  reader: ProtocolReader,
  _version: number,
): PeerFetchRequestPartition {
  const flexible = true;
  const partition = reader.int32();
  const currentLeaderEpoch = reader.int32();
  const fetchOffset = reader.int64();
  const lastFetchedEpoch = reader.int32();
  const logStartOffset = reader.int64();
  const partitionMaxBytes = reader.int32();
  let replicaDirectoryId: Uuid = zeroUuid;
  let persistedOffset: number = -1;
  let isWitness: boolean = false;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0) replicaDirectoryId = reader.uuid();
    else if (tag === 10000) persistedOffset = reader.int64();
    else if (tag === 10001) isWitness = reader.boolean();
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
    partition,
    currentLeaderEpoch,
    fetchOffset,
    lastFetchedEpoch,
    logStartOffset,
    partitionMaxBytes,
    replicaDirectoryId,
    persistedOffset,
    isWitness,
  };
}

function readPeerFetchRequestTopic(reader: ProtocolReader, version: number): PeerFetchRequestTopic {
  const flexible = true;
  const value: PeerFetchRequestTopic = {
    topicId: reader.uuid(),
    partitions: reader.array(readPeerFetchRequestPartition, version, flexible, 33),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchRequestForgottenTopic(
  reader: ProtocolReader,
  _version: number,
): PeerFetchRequestForgottenTopic {
  const flexible = true;
  const value: PeerFetchRequestForgottenTopic = {
    topicId: reader.uuid(),
    partitions: reader.int32Array(flexible),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchRequest(reader: ProtocolReader, version: number): PeerFetchRequest {
  const flexible = true;
  const maxWaitMs = reader.int32();
  const minBytes = reader.int32();
  const maxBytes = reader.int32();
  const isolationLevel = reader.int8();
  const sessionId = reader.int32();
  const sessionEpoch = reader.int32();
  const topics = reader.array(readPeerFetchRequestTopic, version, flexible, 18);
  const forgottenTopicsData = reader.array(
    readPeerFetchRequestForgottenTopic,
    version,
    flexible,
    18,
  );
  const rackId = reader.string(flexible);
  let clusterId: string | null = null;
  let replicaState: PeerFetchRequestReplicaState | null = null;
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0) clusterId = reader.nullableString(flexible);
    else if (tag === 1) replicaState = readPeerFetchRequestReplicaState(reader, version);
    else reader.skipTag();
    reader.endTag(end);
  }
  return {
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
    replicaState,
  };
}

function readPeerFetchResponseEpochEnd(
  reader: ProtocolReader,
  _version: number,
): PeerFetchResponseEpochEnd {
  const flexible = true;
  const value: PeerFetchResponseEpochEnd = {
    epoch: reader.int32(),
    endOffset: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchResponseLeader(
  reader: ProtocolReader,
  _version: number,
): PeerFetchResponseLeader {
  const flexible = true;
  const value: PeerFetchResponseLeader = {
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchResponseSnapshot(
  reader: ProtocolReader,
  _version: number,
): PeerFetchResponseSnapshot {
  const flexible = true;
  const value: PeerFetchResponseSnapshot = {
    endOffset: reader.int64(),
    epoch: reader.int32(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchResponseVoter(
  reader: ProtocolReader,
  _version: number,
): PeerFetchResponseVoter {
  const flexible = true;
  const value: PeerFetchResponseVoter = {
    nodeId: reader.int32(),
    directoryId: reader.uuid(),
    isWitness: reader.boolean(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchResponseEpochStart(
  reader: ProtocolReader,
  _version: number,
): PeerFetchResponseEpochStart {
  const flexible = true;
  const value: PeerFetchResponseEpochStart = {
    epoch: reader.int32(),
    startOffset: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchResponseAbortedTransaction(
  reader: ProtocolReader,
  _version: number,
): PeerFetchResponseAbortedTransaction {
  const flexible = true;
  const value: PeerFetchResponseAbortedTransaction = {
    producerId: reader.bigInt64(),
    firstOffset: reader.int64(),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchResponsePartition(
  reader: ProtocolReader,
  version: number,
): PeerFetchResponsePartition {
  const flexible = true;
  const partitionIndex = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  const logStartOffset = reader.int64();
  const abortedTransactions = reader.nullableArray(
    readPeerFetchResponseAbortedTransaction,
    version,
    flexible,
    17,
  );
  const preferredReadReplica = reader.int32();
  const records = reader.nullableBytes(flexible);
  let divergingEpoch: PeerFetchResponseEpochEnd | null = null;
  let currentLeader: PeerFetchResponseLeader | null = null;
  let snapshotId: PeerFetchResponseSnapshot | null = null;
  let epochBeforeStart: number = -1;
  let startVoters: readonly PeerFetchResponseVoter[] = [];
  let witnessEnd: number = -1;
  let witnessEpochs: readonly PeerFetchResponseEpochStart[] = [];
  let left = flexible ? reader.unsignedVarint() : 0;
  for (; left > 0 && !reader.failed; left--) {
    const tag = reader.beginTag();
    const end = reader.tagEnd;
    if (tag === 0) divergingEpoch = readPeerFetchResponseEpochEnd(reader, version);
    else if (tag === 1) currentLeader = readPeerFetchResponseLeader(reader, version);
    else if (tag === 2) snapshotId = readPeerFetchResponseSnapshot(reader, version);
    else if (tag === 10000) epochBeforeStart = reader.int32();
    else if (tag === 10001)
      startVoters = reader.array(readPeerFetchResponseVoter, version, flexible, 22);
    else if (tag === 10002) witnessEnd = reader.int64();
    else if (tag === 10003)
      witnessEpochs = reader.array(readPeerFetchResponseEpochStart, version, flexible, 13);
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
    epochBeforeStart,
    startVoters,
    witnessEnd,
    witnessEpochs,
  };
}

function readPeerFetchResponseTopic(
  reader: ProtocolReader,
  version: number,
): PeerFetchResponseTopic {
  const flexible = true;
  const value: PeerFetchResponseTopic = {
    topicId: reader.uuid(),
    partitions: reader.array(readPeerFetchResponsePartition, version, flexible, 37),
  };
  if (flexible) reader.skipTags();
  return value;
}

function readPeerFetchResponse(reader: ProtocolReader, version: number): PeerFetchResponse {
  const flexible = true;
  const value: PeerFetchResponse = {
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    sessionId: reader.int32(),
    responses: reader.array(readPeerFetchResponseTopic, version, flexible, 18),
  };
  if (flexible) reader.skipTags();
  return value;
}

function writePeerFetchRequestReplicaState(
  writer: ProtocolWriter,
  value: PeerFetchRequestReplicaState,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.replicaId);
  writer.int64(value.replicaEpoch);
  if (flexible) writer.tagCount();
}

function writePeerFetchRequestPartition(
  writer: ProtocolWriter,
  value: PeerFetchRequestPartition,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.partition);
  writer.int32(value.currentLeaderEpoch);
  writer.int64(value.fetchOffset);
  writer.int32(value.lastFetchedEpoch);
  writer.int64(value.logStartOffset);
  writer.int32(value.partitionMaxBytes);
  if (flexible) {
    const { replicaDirectoryId } = value;
    const hasReplicaDirectoryId = replicaDirectoryId !== zeroUuid;
    const { persistedOffset } = value;
    const hasPersistedOffset = persistedOffset !== -1;
    const { isWitness } = value;
    const hasIsWitness = isWitness !== false;
    writer.tagCount(
      (hasReplicaDirectoryId ? 1 : 0) + (hasPersistedOffset ? 1 : 0) + (hasIsWitness ? 1 : 0),
    );
    if (hasReplicaDirectoryId) {
      writer.beginTag(0, 16);
      writer.uuid(replicaDirectoryId);
    }
    if (hasPersistedOffset) {
      writer.beginTag(10000, 8);
      writer.int64(persistedOffset);
    }
    if (hasIsWitness) {
      writer.beginTag(10001, 1);
      writer.boolean(isWitness);
    }
  }
}

function writePeerFetchRequestTopic(
  writer: ProtocolWriter,
  value: PeerFetchRequestTopic,
  version: number,
): void {
  const flexible = true;
  writer.uuid(value.topicId);
  writer.array(value.partitions, writePeerFetchRequestPartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writePeerFetchRequestForgottenTopic(
  writer: ProtocolWriter,
  value: PeerFetchRequestForgottenTopic,
  version: number,
): void {
  const flexible = true;
  writer.uuid(value.topicId);
  writer.array(value.partitions, (w, element) => w.int32(element), version, flexible);
  if (flexible) writer.tagCount();
}

function writePeerFetchRequest(
  writer: ProtocolWriter,
  value: PeerFetchRequest,
  version: number,
): void {
  const flexible = true;
  writer.int32(value.maxWaitMs);
  writer.int32(value.minBytes);
  writer.int32(value.maxBytes);
  writer.int8(value.isolationLevel);
  writer.int32(value.sessionId);
  writer.int32(value.sessionEpoch);
  writer.array(value.topics, writePeerFetchRequestTopic, version, flexible);
  writer.array(value.forgottenTopicsData, writePeerFetchRequestForgottenTopic, version, flexible);
  writer.string(value.rackId, flexible);
  if (flexible) {
    const { clusterId } = value;
    const hasClusterId = clusterId !== null;
    const { replicaState } = value;
    const hasReplicaState = replicaState !== null;
    writer.tagCount((hasClusterId ? 1 : 0) + (hasReplicaState ? 1 : 0));
    if (hasClusterId) writer.tag(0, (field) => field.string(clusterId, flexible));
    if (hasReplicaState)
      writer.tag(1, (field) => writePeerFetchRequestReplicaState(field, replicaState, version));
  }
}

function writePeerFetchResponseEpochEnd(
  writer: ProtocolWriter,
  value: PeerFetchResponseEpochEnd,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.epoch);
  writer.int64(value.endOffset);
  if (flexible) writer.tagCount();
}

function writePeerFetchResponseLeader(
  writer: ProtocolWriter,
  value: PeerFetchResponseLeader,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.leaderId);
  writer.int32(value.leaderEpoch);
  if (flexible) writer.tagCount();
}

function writePeerFetchResponseSnapshot(
  writer: ProtocolWriter,
  value: PeerFetchResponseSnapshot,
  _version: number,
): void {
  const flexible = true;
  writer.int64(value.endOffset);
  writer.int32(value.epoch);
  if (flexible) writer.tagCount();
}

function writePeerFetchResponseVoter(
  writer: ProtocolWriter,
  value: PeerFetchResponseVoter,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.nodeId);
  writer.uuid(value.directoryId);
  writer.boolean(value.isWitness);
  if (flexible) writer.tagCount();
}

function writePeerFetchResponseEpochStart(
  writer: ProtocolWriter,
  value: PeerFetchResponseEpochStart,
  _version: number,
): void {
  const flexible = true;
  writer.int32(value.epoch);
  writer.int64(value.startOffset);
  if (flexible) writer.tagCount();
}

function writePeerFetchResponseAbortedTransaction(
  writer: ProtocolWriter,
  value: PeerFetchResponseAbortedTransaction,
  _version: number,
): void {
  const flexible = true;
  writer.bigInt64(value.producerId);
  writer.int64(value.firstOffset);
  if (flexible) writer.tagCount();
}

function writePeerFetchResponsePartition(
  writer: ProtocolWriter,
  value: PeerFetchResponsePartition,
  version: number,
): void {
  const flexible = true;
  writer.int32(value.partitionIndex);
  writer.int16(value.errorCode);
  writer.int64(value.highWatermark);
  writer.int64(value.lastStableOffset);
  writer.int64(value.logStartOffset);
  writer.nullableArray(
    value.abortedTransactions,
    writePeerFetchResponseAbortedTransaction,
    version,
    flexible,
  );
  writer.int32(value.preferredReadReplica);
  writer.nullableBytes(value.records, flexible);
  if (flexible) {
    const { divergingEpoch } = value;
    const hasDivergingEpoch = divergingEpoch !== null;
    const { currentLeader } = value;
    const hasCurrentLeader = currentLeader !== null;
    const { snapshotId } = value;
    const hasSnapshotId = snapshotId !== null;
    const { epochBeforeStart } = value;
    const hasEpochBeforeStart = epochBeforeStart !== -1;
    const { startVoters } = value;
    const hasStartVoters = startVoters.length > 0;
    const { witnessEnd } = value;
    const hasWitnessEnd = witnessEnd !== -1;
    const { witnessEpochs } = value;
    const hasWitnessEpochs = witnessEpochs.length > 0;
    writer.tagCount(
      (hasDivergingEpoch ? 1 : 0) +
        (hasCurrentLeader ? 1 : 0) +
        (hasSnapshotId ? 1 : 0) +
        (hasEpochBeforeStart ? 1 : 0) +
        (hasStartVoters ? 1 : 0) +
        (hasWitnessEnd ? 1 : 0) +
        (hasWitnessEpochs ? 1 : 0),
    );
    if (hasDivergingEpoch)
      writer.tag(0, (field) => writePeerFetchResponseEpochEnd(field, divergingEpoch, version));
    if (hasCurrentLeader)
      writer.tag(1, (field) => writePeerFetchResponseLeader(field, currentLeader, version));
    if (hasSnapshotId)
      writer.tag(2, (field) => writePeerFetchResponseSnapshot(field, snapshotId, version));
    if (hasEpochBeforeStart) {
      writer.beginTag(10000, 4);
      writer.int32(epochBeforeStart);
    }
    if (hasStartVoters)
      writer.tag(10001, (field) =>
        field.array(startVoters, writePeerFetchResponseVoter, version, flexible),
      );
    if (hasWitnessEnd) {
      writer.beginTag(10002, 8);
      writer.int64(witnessEnd);
    }
    if (hasWitnessEpochs)
      writer.tag(10003, (field) =>
        field.array(witnessEpochs, writePeerFetchResponseEpochStart, version, flexible),
      );
  }
}

function writePeerFetchResponseTopic(
  writer: ProtocolWriter,
  value: PeerFetchResponseTopic,
  version: number,
): void {
  const flexible = true;
  writer.uuid(value.topicId);
  writer.array(value.partitions, writePeerFetchResponsePartition, version, flexible);
  if (flexible) writer.tagCount();
}

function writePeerFetchResponse(
  writer: ProtocolWriter,
  value: PeerFetchResponse,
  version: number,
): void {
  const flexible = true;
  writer.int32(value.throttleTimeMs);
  writer.int16(value.errorCode);
  writer.int32(value.sessionId);
  writer.array(value.responses, writePeerFetchResponseTopic, version, flexible);
  if (flexible) writer.tagCount();
}

/** PeerFetch, API key 1. */
export const peerFetchCodec: ApiCodec<PeerFetchRequest, PeerFetchResponse> = {
  key: 1,
  name: 'PeerFetch',
  versionMin: 17,
  versionMax: 17,
  flexibleFrom: 12,
  readRequest: readPeerFetchRequest,
  writeRequest: writePeerFetchRequest,
  readResponse: readPeerFetchResponse,
  writeResponse: writePeerFetchResponse,
};
