import type { Result } from '../../base/result.ts';

/**
 * Why a call got no answer. `wasSent`: the broker may have carried it out (X3: nothing is decided
 * from it).
 */
export interface CallFailure {
  readonly reason: 'disconnected' | 'timedOut' | 'unsupported' | 'malformed' | 'refused';
  readonly wasSent: boolean;
  readonly text: string;
}

/** How a call ends: the broker's answer, its own error codes included, or none. */
export type Outcome<R> = Result<R, CallFailure>;

/** Called exactly once, inside the step that learns the outcome. */
export type Answered<R> = (outcome: Outcome<R>) => void;
