import type { LogGeneration, Offset } from '../base/brand.ts';

/** How far an fsync reached: the end was taken before the call (L4). */
export interface Synced {
  readonly generation: LogGeneration;
  readonly endOffset: Offset;
}
