import type { RecoveredLog } from '../ports/recovered-log.ts';
import type { RecordBatchHeader } from '../wire/kafka/record-batch-header.ts';
import { buildLeaderChangeBatch, type ControlBatchPlace } from '../wire/kafka/control-record.ts';
import { buildVotersBatch, readVoters, type RecordedVoter } from '../wire/kafka/voters-record.ts';
import {
  isSameReplica,
  VoterHistory,
  VoterSet,
  type ReplicaId,
  type Voter,
} from './replica/voter-set.ts';

/**
 * Who voted and votes in a log that was opened (V1).
 * @param first who voted when it was made, where the journal does not say.
 */
export function recoveredVoters(
  { startVoters, voterRecords, logStartOffset }: RecoveredLog,
  first: VoterSet,
): VoterHistory {
  const set = startVoters === undefined ? first : new VoterSet(startVoters);
  const history = new VoterHistory(set, logStartOffset);
  for (const { from, voters } of voterRecords) history.appended(new VoterSet(voters), from);
  return history;
}

/** Voters records that the log has again, since a hole was filled. */
export function learnVoters(history: VoterHistory, { voterRecords }: RecoveredLog): void {
  history.learned(voterRecords.map(({ from, voters }) => ({ from, set: new VoterSet(voters) })));
}

/** The set that a control batch puts in force; undefined: it says something else. */
export function votersOfBatch(batch: Uint8Array, header: RecordBatchHeader): VoterSet | undefined {
  const recorded = readVoters(batch, { ...header, position: 0 });
  return recorded && new VoterSet(recorded.map(toVoter));
}

export const idsOf = (replicas: readonly ReplicaId[]): number[] =>
  replicas.map(({ nodeId }) => nodeId);

/** Nobody else votes, so nobody else has what this copy loses (L6). */
export function isLoneVoter(self: ReplicaId, voters: VoterHistory | undefined): boolean {
  const [first, second] = voters?.current.voters ?? [self];
  return second === undefined && first !== undefined && isSameReplica(first, self);
}

/** A leader epoch's first batch (C1, C2). */
export const leaderChangeBatch = (
  change: {
    readonly self: ReplicaId;
    readonly voters: readonly ReplicaId[];
    readonly grantedBy: readonly ReplicaId[];
  },
  place: ControlBatchPlace,
): Uint8Array =>
  buildLeaderChangeBatch(
    {
      leaderId: change.self.nodeId,
      voters: idsOf(change.voters),
      grantingVoters: idsOf(change.grantedBy),
    },
    place,
  );

/** A Voters control batch at that place. */
export const batchOfVoters = ({ voters }: VoterSet, place: ControlBatchPlace): Uint8Array =>
  buildVotersBatch(
    voters.map(({ nodeId, directoryId, role }) => ({
      ...{ nodeId, directoryId, isWitness: role === 'witness' },
    })),
    place,
  );

const toVoter = ({ nodeId, directoryId, isWitness }: RecordedVoter): Voter => ({
  ...{ nodeId, directoryId },
  role: isWitness ? 'witness' : 'data',
});
