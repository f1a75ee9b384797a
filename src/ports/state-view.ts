import type { Offset } from '../base/brand.ts';

/** One entry of a compacted internal topic, as the view keeps it. */
export interface ViewEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * A materialised view of one internal topic: newest value by key, and the offset that it reflects
 * (next to apply). Derived (L5): a view that fails its own checks reads as undefined and is
 * deleted; the log rebuilds it.
 */
export interface StateView {
  load(
    topic: string,
  ): Promise<{ readonly nextOffset: Offset; readonly entries: readonly ViewEntry[] } | undefined>;
  /** Applies changes up to `nextOffset` at once. An undefined value deletes the key. */
  apply(topic: string, changes: readonly ViewChange[], nextOffset: Offset): Promise<void>;
  drop(topic: string): Promise<void>;
}

export interface ViewChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}
