import type { RotRange } from '../ports/recovered-log.ts';

/** Why a read has no bytes. Rot names the offsets that cannot be served. */
export type LogReadError =
  | { readonly code: 'OFFSET_OUT_OF_RANGE' }
  | { readonly code: 'KAFKA_STORAGE_ERROR'; readonly rot: RotRange };
