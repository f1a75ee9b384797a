import type { Offset } from '../../base/brand.ts';
import type { ErrorCode } from '../../base/errors.ts';

export type AppendOutcome =
  /** The offset is -1 where only this is known: an earlier copy of the batch was committed. */
  | { readonly ok: true; readonly offset: Offset }
  | { readonly ok: false; readonly error: ErrorCode };

/**
 * Who is told about one record of an ingest batch: called once, when the batch is committed or
 * refused.
 */
export interface RecordWaiter {
  settled(outcome: AppendOutcome): void;
  /**
   * Nobody waits for it any more, and its client will send it again: it need not be sent (P3).
   * Absent: never.
   */
  readonly isGone?: boolean;
}
