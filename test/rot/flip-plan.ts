import type { Prng } from '../../src/base/prng.ts';
import { filesOf, kindOf, newestSegments } from './data-files.ts';
import { randomFlip } from './flip.ts';
import type { Flip } from './flip.ts';

/** A flip of one node's file. */
export interface PlannedFlip extends Flip {
  readonly node: number;
  readonly kind: string;
}

export interface FlipPlanOptions {
  readonly prng: Prng;
  readonly count: number;
  /** Data directories by node. */
  readonly dirs: ReadonlyMap<number, string>;
}

/**
 * Flips of one round. Of each partition one node is hit, and one node alone in what it is known
 * by: two nodes always have everything. Half of them hit logs of records, the others all kinds of
 * files in turn.
 */
export function planFlips({ prng, count, dirs }: FlipPlanOptions): PlannedFlip[] {
  const nodes = [...dirs.keys()];
  const victims = new Map<string, number>();
  const kinds = new Map<string, { readonly node: number; readonly path: string }[]>();
  for (const [node, dir] of dirs) {
    const files = filesOf(dir);
    const newest = newestSegments(files);
    for (const path of files) {
      const [top, folder] = path.split('/');
      const owner = top === 'logs' ? (folder ?? '') : '';
      const victim = victims.get(owner) ?? nodes[prng.below(nodes.length)] ?? node;
      victims.set(owner, victim);
      if (victim !== node || top === 'set-aside') continue;
      const kind = kindOf(path, newest);
      kinds.set(kind, [...(kinds.get(kind) ?? []), { node, path }]);
    }
  }
  const names = [...kinds.keys()].sort();
  const start = prng.below(names.length);
  const flips: PlannedFlip[] = [];
  let hasMeta = false;
  for (let number = 0; flips.length < count; number++) {
    const ofRecords = number % 2 === 0 && names.some((name) => name.startsWith('topic .log'));
    const kind = ofRecords
      ? `topic .log ${prng.below(3) === 0 ? 'active' : 'sealed'}`
      : (names[(start + (number >> 1)) % names.length] as string);
    const files = kinds.get(kind) ?? [];
    const file = files[prng.below(files.length)];
    if (file === undefined) continue;
    // With both copies gone a directory is refused: a person must say whose it is (L1).
    if (kind.startsWith('meta') && hasMeta) continue;
    hasMeta ||= kind.startsWith('meta');
    const dir = dirs.get(file.node) as string;
    flips.push({ ...randomFlip(prng, dir, file.path), node: file.node, kind });
  }
  return flips;
}
