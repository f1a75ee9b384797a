import { offset, type Offset } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';
import type { ProduceOutcome } from '../kafka/broker-view.ts';

export type AppendOutcome =
  /** The offset is -1 where only this is known: an earlier copy of the batch was committed. */
  | { readonly ok: true; readonly offset: Offset }
  | { readonly ok: false; readonly error: ErrorCode };

/**
 * Who is told about one record of an ingest batch: called once, when the batch is committed or
 * refused.
 */
export interface RecordWaiter {
  /** @param index of the record in the batch; hot: what became of each is made by who asks. */
  settled(outcome: ProduceOutcome, index: number): void;
  /**
   * Nobody waits for it any more, and its client will send it again: it need not be sent (P3).
   * Absent: never.
   */
  readonly isGone?: boolean;
}

/** What became of one record of a batch; one that was stored before has no offset that is known. */
export function appendOutcome(outcome: ProduceOutcome, index: number): AppendOutcome {
  if (!outcome.ok) return outcome;
  const { baseOffset } = outcome;
  return { ok: true, offset: offset(baseOffset < 0 ? -1 : baseOffset + index) };
}
