import { randomUUID } from 'node:crypto';
import { uuid } from '../src/base/brand.ts';
import type { Random } from '../src/ports/random.ts';

/** The machine's randomness. */
export const randomNode: Random = {
  next: () => Math.random(),
  uuid: () => uuid(randomUUID()),
};
