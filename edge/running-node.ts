import type { Address } from '../src/config/address.ts';

/** A node that is ready. */
export interface RunningNode {
  readonly addresses: { readonly mqtt: Address; readonly kafka: Address; readonly admin: Address };
  /** A clean stop; settles when everything is on disk and every socket is closed. */
  stop(): Promise<void>;
  /**
   * Settles when it stopped by itself: a condemned disk (L8), a contradiction that it must not
   * guess about.
   */
  readonly ended: Promise<StartError>;
}

/** Why there is no node (any more), for the one who started it. */
export interface StartError {
  /** One of `exitCodes`. */
  readonly exitCode: number;
  readonly text: string;
  readonly hint?: string;
}
