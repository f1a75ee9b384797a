import { closeSync, fsyncSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Prng } from '../../src/base/prng.ts';

/** One bit of one file. */
export interface Flip {
  readonly path: string;
  readonly position: number;
  readonly bit: number;
}

/** Any bit of a file. */
export function randomFlip(prng: Prng, dir: string, path: string): Flip {
  return { path, position: prng.below(statSync(join(dir, path)).size), bit: prng.below(8) };
}

/** Turns it over in place, page cache and disk alike; returns the byte as it is then. */
export function flipBit(dir: string, { path, position, bit }: Flip): number {
  const file = openSync(join(dir, path), 'r+');
  try {
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, position);
    const flipped = (byte[0] ?? 0) ^ (1 << bit);
    writeSync(file, Buffer.from([flipped]), 0, 1, position);
    fsyncSync(file);
    return flipped;
  } finally {
    closeSync(file);
  }
}
