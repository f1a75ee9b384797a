import { offset } from '../base/brand.ts';
import type { Offset } from '../base/brand.ts';

/** The files of one segment; `.digest` is ours, the others are named as Kafka names them. */
export type SegmentSuffix = 'log' | 'index' | 'timeindex' | 'snapshot' | 'digest' | 'log.recovery';

/** What can be built again from the `.log` file of the same segment. */
export const derivedSuffixes = ['index', 'timeindex', 'digest'] as const;

const pattern = /^(\d{20})\.(log|index|timeindex|snapshot|digest|log\.recovery)$/;

/** Twenty digits and a suffix below the folder of the partition. */
export const segmentPath = (dir: string, base: Offset, suffix: SegmentSuffix): string =>
  `${dir}/${String(base).padStart(20, '0')}.${suffix}`;

/** Offsets in the names of the files with that suffix, ascending. `names` are sorted. */
export function basesOf(names: readonly string[], suffix: SegmentSuffix): Offset[] {
  const bases: Offset[] = [];
  for (const name of names) {
    const match = pattern.exec(name);
    if (match?.[2] === suffix) bases.push(offset(Number(match[1])));
  }
  return bases;
}
