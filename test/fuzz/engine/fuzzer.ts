import { Prng } from '../../../src/base/prng.ts';
import { examine } from './examine.ts';
import type { Finding } from './examine.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { mutate } from './mutate.ts';

export interface FuzzOptions {
  readonly executions: number;
  readonly seed: number;
  /** Kept inputs of earlier runs; each is executed first. */
  readonly corpus: readonly Uint8Array[];
  /** Of the processor: a busy neighbour ends no run. Ends it early; what was not done is told. */
  readonly secondsMax?: number;
}

export interface FuzzReport {
  readonly executions: number;
  readonly seconds: number;
  readonly signatures: number;
  readonly finding?: Finding & { readonly input: Uint8Array };
}

const keptMax = 2_000;
/** Then what was seen is forgotten: a long run must not take ever more memory. */
const seenMax = 200_000;

/**
 * Throws inputs at a target until one is found that breaks a promise, or all executions are done.
 * Half of the inputs come from the grammar, the others are mutations of inputs that once led
 * somewhere new, told by the signature of the outcome. The same seed gives the same inputs.
 */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { stackTraceLimit } = Error;
  // What libraries throw at hostile bytes costs more to describe than to find out.
  Error.stackTraceLimit = 0;
  try {
    const report = await throwInputs(target, options);
    if (report.finding === undefined) return report;
    Error.stackTraceLimit = stackTraceLimit;
    const { finding } = await examine(target, report.finding.input);
    return { ...report, finding: { ...report.finding, ...finding } };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function throwInputs(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { executions, corpus, secondsMax = Infinity } = options;
  const start = performance.now();
  const usedBefore = process.cpuUsage();
  const isOver = (): boolean => {
    const { user, system } = process.cpuUsage(usedBefore);
    return user + system > secondsMax * 1_000_000;
  };
  const prng = new Prng(options.seed);
  const kept: Uint8Array[] = [];
  const seen = new Set<string>();
  let [done, signatures] = [0, 0];
  const report = (): FuzzReport => ({
    executions: done,
    seconds: (performance.now() - start) / 1_000,
    signatures,
  });
  while (done < executions) {
    const input = corpus[done] ?? nextInput(target, prng, kept);
    const { finding, signature } = await examine(target, input);
    done++;
    if (finding !== undefined) {
      const least = await shrink(target, input, finding.kind);
      return { ...report(), finding: { ...finding, input: least } };
    }
    if (!seen.has(signature)) {
      if (seen.size >= seenMax) seen.clear();
      seen.add(signature);
      signatures++;
      if (kept.length < keptMax) kept.push(input);
      else kept[prng.below(keptMax)] = input;
    }
    if (done % 64 === 0 && isOver()) break;
  }
  return report();
}

function nextInput(target: FuzzTarget, prng: Prng, kept: readonly Uint8Array[]): Uint8Array {
  const isFresh = kept.length === 0 || prng.chance(0.5);
  const base = isFresh ? target.generate(prng) : prng.pick(kept);
  if (isFresh && prng.chance(0.4)) return base.slice(0, target.inputBytesMax);
  const other = kept.length === 0 ? base : prng.pick(kept);
  const changed = mutate(prng, base, other, target.inputBytesMax);
  const repaired = prng.chance(0.6) ? target.repair?.(changed, prng) : undefined;
  return (repaired ?? changed).slice(0, target.inputBytesMax);
}

const shrinkTriesMax = 400;
const shrinkMsMax = 10_000;

/** A shorter input that shows the same kind of finding. */
async function shrink(
  target: FuzzTarget,
  input: Uint8Array,
  kind: Finding['kind'],
): Promise<Uint8Array> {
  let least = input;
  let tries = 0;
  const deadline = performance.now() + shrinkMsMax;
  const isOver = (): boolean => tries >= shrinkTriesMax || performance.now() > deadline;
  for (let step = least.length >> 1; step > 0 && !isOver(); step >>= 1) {
    for (let from = 0; from < least.length && !isOver();) {
      tries++;
      const shorter = new Uint8Array(least.length - Math.min(step, least.length - from));
      shorter.set(least.subarray(0, from));
      shorter.set(least.subarray(from + step), from);
      const { finding } = await examine(target, shorter);
      if (finding?.kind === kind) least = shorter;
      else from += step;
    }
  }
  return least;
}
