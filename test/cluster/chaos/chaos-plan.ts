import type { Prng } from '../../../src/base/prng.ts';

/**
 * - kill: SIGKILL, and a start later. stop: SIGTERM, and a start later
 * - pause: SIGSTOP, and SIGCONT later
 * - cutOneWay: what the node sends does not reach one other. cutBothWays: nor the other way
 * - isolate: from every other node, clients still reach it. deafen: hears no other node, but is
 *   heard. vanish: from nodes and clients
 * - slowDisk: each fsync takes 50 to 500 ms longer
 */
export const chaosKinds = [
  'kill',
  'stop',
  'pause',
  'cutOneWay',
  'cutBothWays',
  'isolate',
  'deafen',
  'vanish',
  'slowDisk',
] as const;
export type ChaosKind = (typeof chaosKinds)[number];

/** One fault: from `atMs`, for `forMs`. */
export interface ChaosStep {
  readonly kind: ChaosKind;
  readonly atMs: number;
  readonly forMs: number;
  readonly node: number;
  /** The other end of a cut link; the same as `node` where it has none. */
  readonly other: number;
  /** Of `slowDisk`. */
  readonly syncMs: number;
}

export interface ChaosPlanOptions {
  readonly random: Prng;
  readonly nodes: readonly number[];
  /** Every fault is over by then. */
  readonly ms: number;
  readonly kinds: readonly ChaosKind[];
}

const pauseMsMax = 60_000;
/** How long a fault lasts, but a pause. */
const otherMsMax = 12_000;
/** A clean stop waits for others to lead, and for its clients to go; its node is down after it. */
const stopMsMax = 5_000;
/** Between the beginnings of two faults. */
const gapMs = { min: 500, max: 5_000 } as const;

/**
 * Faults in the order of their beginning, several at once, but never two that would undo each other
 * on one node: a process that is killed is not stopped meanwhile. The same seed, the same plan.
 */
export const planChaos = (options: ChaosPlanOptions): readonly ChaosStep[] => {
  const { random, nodes, ms, kinds } = options;
  const usable = kinds.filter((kind) => nodes.length > 1 || !needsOther(kind));
  const steps: ChaosStep[] = [];
  const busyUntil = new Map<number, number>();
  for (let atMs = gap(random); atMs < ms - gapMs.max; atMs += gap(random)) {
    const free = nodes.filter((node) => (busyUntil.get(node) ?? 0) <= atMs);
    if (free.length === 0 || usable.length === 0) continue;
    const node = random.pick(free);
    const kind = random.pick(usable);
    const others = nodes.filter((one) => one !== node);
    const step = {
      ...{ kind, atMs, node },
      forMs: Math.min(lengthOf(kind, ms, random), ms - atMs),
      other: others.length === 0 ? node : random.pick(others),
      syncMs: 50 + random.below(450),
    };
    // A link may be cut while its ends have other trouble; a process has one trouble at a time.
    const takesMs = kind === 'stop' ? stopMsMax : gapMs.min;
    if (!isOfLinks(kind)) busyUntil.set(node, atMs + step.forMs + takesMs);
    steps.push(step);
  }
  return steps;
};

/** Of links: they say nothing about a process. */
export const isOfLinks = (kind: ChaosKind): boolean =>
  kind !== 'kill' && kind !== 'stop' && kind !== 'pause' && kind !== 'slowDisk';

const needsOther = (kind: ChaosKind): boolean => isOfLinks(kind) && kind !== 'vanish';

const gap = (random: Prng): number => gapMs.min + random.below(gapMs.max - gapMs.min);

/** Short ones often, long ones at times. */
const lengthOf = (kind: ChaosKind, ms: number, random: Prng): number => {
  const longest = Math.min(kind === 'pause' ? pauseMsMax : otherMsMax, ms / 3);
  const share = random.next();
  return Math.max(300, Math.round(1_000 + (longest - 1_000) * share * share * share));
};
