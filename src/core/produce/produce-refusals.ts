import type { ErrorCode } from '../../base/errors.ts';
import type { ProduceOutcome } from '../kafka/broker-view.ts';

/** What a partition says to a batch that it does not take. */
export const produceRefusals: Readonly<
  Record<'notLeader' | 'notEnoughReplicas' | 'forgotten' | 'outOfOrder', ProduceOutcome>
> = {
  notLeader: { ok: false, error: 'NOT_LEADER_OR_FOLLOWER' },
  /** C3: nothing would be committed. */
  notEnoughReplicas: { ok: false, error: 'NOT_ENOUGH_REPLICAS' },
  /** Stored before what is remembered (P5). */
  forgotten: { ok: false, error: 'DUPLICATE_SEQUENCE_NUMBER' },
  /** What came before it is not known here. */
  outOfOrder: { ok: false, error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' },
};

/** It says that the batch is not in the log, so that its owner may store it anew (L6). */
export const deniesBatch = (error: ErrorCode): boolean =>
  error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' || error === 'INVALID_PRODUCER_EPOCH';
