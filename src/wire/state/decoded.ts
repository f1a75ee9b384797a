import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';

/** A value, or bytes that are none. */
export type Decoded<T> = Result<T, 'malformed'>;

/**
 * protobufjs throws on bytes it cannot read, `exact` on numbers we cannot hold: both are the bytes'
 * fault.
 */
export function decoded<T>(read: () => T): Decoded<T> {
  try {
    return ok(read());
  } catch {
    return fail('malformed');
  }
}

/** A 64-bit field arrives as a number or as a Long object, whatever its type says. */
export function exact(value: number): number {
  const whole = Number(value);
  if (!Number.isSafeInteger(whole)) throw new RangeError('not exact in a double');
  return whole;
}
