import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';
import type { RecordBatchHeader } from './record-batch-header.ts';
import { noRecordHeaders } from './record-headers.ts';
import { iterateRecords } from './record-iterator.ts';

/** What a control batch says; `OTHER` is a type of Kafka's that does not concern us. */
export type ControlType = 'ABORT' | 'COMMIT' | 'LEADER_CHANGE' | 'VOTERS' | 'OTHER';

/** Kafka's numbers; those of its snapshots and of its feature level we never write. */
const typeNumbers = { ABORT: 0, COMMIT: 1, LEADER_CHANGE: 2, VOTERS: 6 } as const;
const controlTypes = new Map<number, ControlType>(
  Object.entries(typeNumbers).map(([name, number]) => [number, name as ControlType]),
);

/** What a new leader appends first (C1). Node ids. */
export interface LeaderChange {
  readonly leaderId: number;
  readonly voters: readonly number[];
  readonly grantingVoters: readonly number[];
}

/** Place and time of a control batch. */
export interface ControlBatchPlace {
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  readonly timestamp: number;
}

/**
 * A LeaderChange control batch with Kafka's own value (LeaderChangeMessage version 0), one record,
 * CRC included.
 */
export const buildLeaderChangeBatch = (
  change: LeaderChange,
  place: ControlBatchPlace,
): Uint8Array => buildControlBatch('LEADER_CHANGE', leaderChangeValue(change), place);

/** A control batch of one record, CRC included; its leader epoch lies under the CRC, too. */
export function buildControlBatch(
  type: keyof typeof typeNumbers,
  value: Uint8Array,
  place: ControlBatchPlace,
): Uint8Array {
  const key = new ByteWriter(4);
  key.int16(0);
  key.int16(typeNumbers[type]);
  const builder = new RecordBatchBuilder(128);
  builder.append(place.timestamp, key.view(), value, noRecordHeaders);
  // Without a producer id nobody else reads the sequence; it lies in what the CRC covers.
  return builder.finish({
    isControl: true,
    baseOffset: place.baseOffset,
    leaderEpoch: place.leaderEpoch,
    baseSequence: place.leaderEpoch,
  });
}

/**
 * The leader epoch that a control batch of ours says a second time, under its CRC: the field of
 * that name is not covered. Undefined where an older version wrote the batch.
 */
export const leaderChangeEpoch = (header: RecordBatchHeader): number | undefined =>
  header.producerId < 0n && header.baseSequence >= 0 ? header.baseSequence : undefined;

function leaderChangeValue(change: LeaderChange): Uint8Array {
  const value = new ByteWriter(64);
  value.int16(0);
  value.int32(change.leaderId);
  writeVoters(value, change.voters);
  writeVoters(value, change.grantingVoters);
  value.unsignedVarint(0);
  return value.view();
}

function writeVoters(writer: ByteWriter, voters: readonly number[]): void {
  writer.unsignedVarint(voters.length + 1);
  for (const voter of voters) {
    writer.int32(voter);
    writer.unsignedVarint(0);
  }
}

/** The type of a control batch's first record; undefined where its bytes are malformed. */
export function readControlType(
  bytes: Uint8Array,
  header: RecordBatchHeader,
): ControlType | undefined {
  const key = controlKeyOf(bytes, header);
  if (key === undefined) return undefined;
  const reader = new ByteReader(key);
  reader.int16();
  const type = reader.int16();
  return reader.failed || type < 0 ? undefined : (controlTypes.get(type) ?? 'OTHER');
}

function controlKeyOf(bytes: Uint8Array, header: RecordBatchHeader): Uint8Array | undefined {
  const records = iterateRecords(bytes, header);
  return records.ok && records.value.next() ? records.value.key() : undefined;
}
