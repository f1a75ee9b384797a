import type { Offset } from '../base/brand.ts';

/** Who follows a log in memory: told of each batch that it takes, and of what it loses again. */
export interface LogFollower {
  /** The bytes stay as they are from here on. */
  appended(batch: Uint8Array, baseOffset: Offset, endOffset: Offset): void;
  /** Nothing committed is ever cut. */
  truncated(to: Offset): void;
  /** The log is empty and begins anew there; all below was committed, and what mattered follows. */
  reset(to: Offset): void;
  /** What could not be read may be readable now. */
  reloaded(): void;
}
