import type { Result } from '../../base/result.ts';

/**
 * One login at one connection. The cryptography is whoever makes it; the client carries the bytes
 * in SaslAuthenticate.
 */
export interface SaslExchange {
  /** As Kafka names it: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512. */
  readonly mechanism: string;
  /**
   * The next bytes to send, given what the broker answered (undefined at first); `done` when both
   * sides are proven; a text when the broker's answer is wrong.
   */
  next(received: Uint8Array | undefined): Result<Uint8Array | 'done', string>;
}
