import type { Prng } from '../../src/base/prng.ts';
import type { WriteLogEntry } from './write-log.ts';

/** Bytes of one write that reached the medium: offsets within the write. */
export interface KeptPiece {
  readonly entry: number;
  readonly from: number;
  readonly to: number;
}

/** What a device may hold after a power cut. */
export interface BlockState {
  /** Every entry before this one is on the medium, whole: it is behind a finished flush. */
  readonly durable: number;
  /** The entry before which the power went; between the two there is no finished flush. */
  readonly cut: number;
  /** In the order of the log: of two writes to one place the later wins. */
  readonly kept: readonly KeptPiece[];
}

/** The smallest piece that a disk writes whole or not at all. */
export const sectorBytes = 512;

/** Places behind a flush in `[from, to)` and before a write: where a legal state can begin. */
export const flushEnds = (
  entries: readonly WriteLogEntry[],
  from: number,
  to: number,
): readonly number[] => {
  const ends: number[] = [];
  for (let index = from; index < Math.min(to, entries.length); index += 1) {
    const isNext = entries[index + 1]?.kind === 'write';
    if (isNext && entries[index]?.kind === 'flush') ends.push(index + 1);
  }
  return ends;
};

/** How the cache of the disk was caught. */
const caught = ['nothing', 'everything', 'allButOne', 'some', 'torn', 'torn'] as const;
type Caught = (typeof caught)[number];

/**
 * A random state that a power cut may leave: everything before `durable`, and of the writes up to
 * a random later place, but not over the next flush, any subset, torn between any two sectors. A
 * forced write is finished only when it is on the medium.
 */
export const chooseBlockState = (
  entries: readonly WriteLogEntry[],
  durable: number,
  random: Prng,
): BlockState => {
  let end = durable;
  while (end < entries.length && entries[end]?.kind !== 'flush') end += 1;
  const cut = random.chance(0.5) ? end : Math.min(end, durable + 1 + random.below(end - durable));
  const how = random.pick(caught);
  const left = how === 'allButOne' ? durable + random.below(Math.max(1, cut - durable)) : -1;
  const kept: KeptPiece[] = [];
  for (let entry = durable; entry < cut; entry += 1) {
    const { bytes, isForced } = entries[entry] as WriteLogEntry;
    if (isForced) kept.push({ entry, from: 0, to: bytes });
    else if (entry !== left) kept.push(...piecesOf(entry, bytes, how, random));
  }
  return { durable, cut, kept };
};

const piecesOf = (entry: number, bytes: number, how: Caught, random: Prng): KeptPiece[] => {
  if (how === 'nothing') return [];
  if (how === 'everything' || how === 'allButOne') return [{ entry, from: 0, to: bytes }];
  if (how === 'some' || random.chance(0.6)) {
    return random.chance(0.5) ? [{ entry, from: 0, to: bytes }] : [];
  }
  const pieces: KeptPiece[] = [];
  for (let from = 0; from < bytes; from += sectorBytes) {
    if (random.chance(0.5)) pieces.push({ entry, from, to: Math.min(bytes, from + sectorBytes) });
  }
  return pieces;
};
