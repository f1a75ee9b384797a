import type { Uuid } from '../base/brand.ts';

/** The only source of randomness outside tests. */
export interface Random {
  /** Uniform in [0, 1): jitter. */
  next(): number;
  /** A random (version 4) UUID: identities. */
  uuid(): Uuid;
}
