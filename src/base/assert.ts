/**
 * A bug of ours: the process stops with it (DESIGN 3, Errors). Never used for a peer's or the
 * world's fault.
 */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Stops with AssertionError unless `condition` holds. `text` says the invariant. */
export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new AssertionError(text);
}

/** The value, asserted to be there. */
export function present<T>(value: T | undefined | null, text: string): T {
  if (value === undefined || value === null) throw new AssertionError(text);
  return value;
}

/**
 * For the default branch of a switch over a union: the compiler proves that it is never reached.
 */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
