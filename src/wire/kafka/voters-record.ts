import type { Uuid } from '../../base/brand.ts';
import type { ControlBatchPlace } from './control-record.ts';
import { buildControlBatch, readControlType } from './control-record.ts';
import type { RecordBatchHeader } from './record-batch-header.ts';
import { iterateRecords } from './record-iterator.ts';
import { ProtocolReader } from './protocol-reader.ts';
import { ProtocolWriter } from './protocol-writer.ts';

/** One voter of a partition as its log names it (V1). */
export interface RecordedVoter {
  readonly nodeId: number;
  readonly directoryId: Uuid;
  readonly isWitness: boolean;
}

/** Of VotersRecord, KIP-853. */
const recordVersion = 0;
/** The one level of Kafka's `kraft.version` with voters that change. */
const kraftVersion = 1;
/** Ours. */
const isWitnessTag = 10_000;
/** An id, a UUID, no endpoints, two levels and two counts of tags. */
const voterBytesMin = 27;
/** Two strings, a port and a count of tags. */
const endpointBytesMin = 5;

/**
 * A Voters control batch with KIP-853's own value, one record, CRC included. Endpoints are left
 * out: nodes find each other by their configuration.
 */
export function buildVotersBatch(
  voters: readonly RecordedVoter[],
  place: ControlBatchPlace,
): Uint8Array {
  const value = new ProtocolWriter(64);
  value.int16(recordVersion);
  value.array(voters, writeVoter, recordVersion, true);
  value.tagCount();
  return buildControlBatch('VOTERS', value.view(), place);
}

function writeVoter(writer: ProtocolWriter, voter: RecordedVoter): void {
  const { nodeId, directoryId, isWitness } = voter;
  writer.int32(nodeId);
  writer.uuid(directoryId);
  writer.unsignedVarint(1);
  writer.int16(kraftVersion);
  writer.int16(kraftVersion);
  writer.tagCount();
  writer.tagCount(isWitness ? 1 : 0);
  if (!isWitness) return;
  writer.beginTag(isWitnessTag, 1);
  writer.boolean(true);
}

/**
 * The voters that a control batch names. Undefined where it is of another type or malformed, or
 * names no voter or one node twice: no leader writes such a set.
 */
export function readVoters(
  bytes: Uint8Array,
  header: RecordBatchHeader,
): readonly RecordedVoter[] | undefined {
  if (!header.isControl || readControlType(bytes, header) !== 'VOTERS') return undefined;
  const records = iterateRecords(bytes, header);
  const value = records.ok && records.value.next() ? records.value.value() : undefined;
  if (value === undefined) return undefined;
  const reader = new ProtocolReader(value);
  if (reader.int16() < 0) return undefined;
  const voters = reader.array(readVoter, recordVersion, true, voterBytesMin);
  reader.skipTags();
  const nodes = new Set(voters.map(({ nodeId }) => nodeId));
  const isSound = nodes.size === voters.length && voters.length > 0;
  return reader.failed || !isSound ? undefined : voters;
}

function readVoter(reader: ProtocolReader): RecordedVoter {
  const nodeId = reader.int32();
  const directoryId = reader.uuid();
  reader.array(skipEndpoint, recordVersion, true, endpointBytesMin);
  reader.skip(4);
  reader.skipTags();
  let isWitness = false;
  for (let left = reader.unsignedVarint(); left > 0 && !reader.failed; left--) {
    const isKnown = reader.beginTag() === isWitnessTag;
    const end = reader.tagEnd;
    if (isKnown) isWitness = reader.boolean();
    else reader.skipTag();
    reader.endTag(end);
  }
  return { nodeId, directoryId, isWitness };
}

function skipEndpoint(reader: ProtocolReader): undefined {
  reader.string(true);
  reader.string(true);
  reader.skip(2);
  reader.skipTags();
  return undefined;
}
