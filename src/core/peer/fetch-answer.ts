import { kafkaCodeOf, type ErrorCode } from '../../base/errors.ts';
import type { PeerFetchResponsePartition } from '../../wire/kafka/generated/01-peer-fetch.ts';
import type { EpochEnd } from '../replica/replica-log.ts';
import type { WitnessRange } from '../witness-range.ts';
import type { PeerReplica } from './peer-replica.ts';

const noBytes: Uint8Array = new Uint8Array(0);

const emptyAnswer: PeerFetchResponsePartition = {
  partitionIndex: 0,
  errorCode: 0,
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  divergingEpoch: null,
  currentLeader: null,
  snapshotId: null,
  epochBeforeStart: -1,
  startVoters: [],
  witnessEnd: -1,
  witnessEpochs: [],
  abortedTransactions: null,
  preferredReadReplica: -1,
  records: noBytes,
};

/** High watermark and log start, with records or without. */
export function fetchAnswer(
  { partition, highWatermark, logStartOffset }: PeerReplica,
  records = noBytes,
): PeerFetchResponsePartition {
  return {
    ...emptyAnswer,
    ...{ partitionIndex: partition, highWatermark, lastStableOffset: highWatermark },
    ...{ logStartOffset, records },
  };
}

/** What a witness keeps of a part of the log (V3). */
export function witnessAnswer(
  replica: PeerReplica,
  { end, epochs, records }: WitnessRange,
): PeerFetchResponsePartition {
  const witnessEpochs = epochs.map(({ leaderEpoch: epoch, startOffset }) => ({
    ...{ epoch, startOffset },
  }));
  return { ...fetchAnswer(replica, records), witnessEnd: end, witnessEpochs };
}

/** The follower's log leaves this one (KIP-595). */
export function divergingAnswer(
  replica: PeerReplica,
  { leaderEpoch, endOffset }: EpochEnd,
): PeerFetchResponsePartition {
  return { ...fetchAnswer(replica), divergingEpoch: { epoch: leaderEpoch, endOffset } };
}

/** The follower begins anew at this log's start. */
export function belowStartAnswer(replica: PeerReplica): PeerFetchResponsePartition {
  const { logStartOffset, epochBefore, voters } = replica.startForReset();
  return {
    ...fetchAnswer(replica),
    errorCode: kafkaCodeOf('OFFSET_OUT_OF_RANGE'),
    logStartOffset,
    epochBeforeStart: epochBefore,
    startVoters: voters.voters.map(({ nodeId, directoryId, role }) => ({
      ...{ nodeId, directoryId, isWitness: role === 'witness' },
    })),
  };
}

/** With the leader that this node knows of (KIP-951). */
export function refusedAnswer(
  { partition, replica }: PeerReplica,
  error: ErrorCode,
): PeerFetchResponsePartition {
  return {
    ...unknownAnswer(partition, error),
    currentLeader: { leaderId: replica.leaderId ?? -1, leaderEpoch: replica.leaderEpoch },
  };
}

/** Nothing is known of that partition here. */
export function unknownAnswer(partition: number, error: ErrorCode): PeerFetchResponsePartition {
  return { ...emptyAnswer, partitionIndex: partition, errorCode: kafkaCodeOf(error) };
}
