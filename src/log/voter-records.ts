import type { Offset, Uuid } from '../base/brand.ts';
import type { StoredVoter, VotersFrom } from '../ports/stored-voters.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { readVoters } from '../wire/kafka/voters-record.ts';

interface HasVoters {
  readonly voterSets: readonly VotersFrom[];
}

/** The voter set that a batch puts in force; undefined: it is no Voters record (V1). */
export function votersIn(bytes: Uint8Array, batch: RecordBatchHeader): VotersFrom | undefined {
  if (!batch.isControl) return undefined;
  const voters = readVoters(bytes, batch)?.map(
    ({ nodeId, directoryId, isWitness }): StoredVoter => ({
      nodeId,
      directoryId,
      role: isWitness ? 'witness' : 'data',
    }),
  );
  return voters === undefined ? undefined : { from: batch.baseOffset, voters };
}

/** The Voters records of a log from an offset on, ascending. */
export const voterRecords = (
  segments: readonly HasVoters[],
  logStartOffset: Offset,
): readonly VotersFrom[] =>
  segments.flatMap(({ voterSets }) => voterSets).filter(({ from }) => from >= logStartOffset);

/** Who votes at a log start that moves up, if it passes a Voters record. */
export const votersPassed = (
  segments: readonly HasVoters[],
  logStartOffset: Offset,
  to: Offset,
): readonly StoredVoter[] | undefined =>
  voterRecords(segments, logStartOffset).findLast(({ from }) => from < to)?.voters;

/** Whether nobody else has a copy: the only voter is this directory, or none was ever stored. */
export const isAlone = (voters: readonly StoredVoter[] | undefined, directoryId: Uuid): boolean =>
  voters === undefined || (voters.length === 1 && voters[0]?.directoryId === directoryId);
