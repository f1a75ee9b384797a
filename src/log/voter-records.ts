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

/**
 * The Voters records of a log, ascending: those in its segments, and of the journal's those that
 * rot took. A set from before them would be a lie: with it one of three may think itself alone.
 */
export function knownVoters(
  segments: readonly HasVoters[],
  journal: readonly VotersFrom[],
): readonly VotersFrom[] {
  const found = segments.flatMap(({ voterSets }) => voterSets);
  const lost = journal.filter(({ from }) => !found.some((one) => one.from === from));
  return lost.length === 0 ? found : [...found, ...lost].sort((a, b) => a.from - b.from);
}

/** Who votes in front of an offset by the Voters records below it; undefined: by none of them. */
export const votersBefore = (
  sets: readonly VotersFrom[],
  to: Offset,
): readonly StoredVoter[] | undefined => sets.findLast(({ from }) => from < to)?.voters;

/** Who votes at a log start that moves up, if it passes a Voters record. */
export const votersPassed = (
  sets: readonly VotersFrom[],
  logStartOffset: Offset,
  to: Offset,
): readonly StoredVoter[] | undefined =>
  votersBefore(
    sets.filter(({ from }) => from >= logStartOffset),
    to,
  );

/** Whether nobody else has a copy: the only voter is this directory, or none was ever stored. */
export const isAlone = (voters: readonly StoredVoter[] | undefined, directoryId: Uuid): boolean =>
  voters === undefined || (voters.length === 1 && voters[0]?.directoryId === directoryId);
