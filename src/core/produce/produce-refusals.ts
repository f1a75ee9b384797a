import type { ProduceOutcome } from '../kafka/broker-view.ts';

/** What a partition says to a batch that it does not take. */
export const produceRefusals: Readonly<
  Record<'notLeader' | 'notEnoughReplicas' | 'forgotten', ProduceOutcome>
> = {
  notLeader: { ok: false, error: 'NOT_LEADER_OR_FOLLOWER' },
  /** C3: nothing would be committed. */
  notEnoughReplicas: { ok: false, error: 'NOT_ENOUGH_REPLICAS' },
  /** Stored before what is remembered (P5). */
  forgotten: { ok: false, error: 'DUPLICATE_SEQUENCE_NUMBER' },
};
