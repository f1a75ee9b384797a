import v8 from 'node:v8';
import vm from 'node:vm';
import type { FuzzTarget } from './fuzz-target.ts';

/**
 * What one execution took. `ms`: of the processor, where that is less: others keep it busy.
 * `bytes`: undefined if a garbage collection made it unknown.
 */
export interface Measured<Outcome> {
  readonly outcome: Outcome;
  readonly ms: number;
  readonly bytes: number | undefined;
}

const heapBytes = (): number => {
  const { used_heap_size: used, external_memory: external } = v8.getHeapStatistics();
  return used + external;
};

/** The hard limits of hostile bytes. */
export const hangMsMax = 50;
export const bytesMaxOf = (inputBytes: number): number => 4 * inputBytes + 64 * 1024;

v8.setFlagsFromString('--expose-gc');
/** Collects all garbage, at once. */
export const collectGarbage = vm.runInNewContext('gc') as () => void;

/** Runs the decoder once and weighs it. Counts what is allocated, kept or not. */
export async function measure<Outcome>(
  target: FuzzTarget<Outcome>,
  input: Uint8Array,
): Promise<Measured<Outcome>> {
  const used = process.cpuUsage();
  const before = heapBytes();
  const start = performance.now();
  const running = target.execute(input);
  const outcome = running instanceof Promise ? await running : running;
  let ms = performance.now() - start;
  const bytes = heapBytes() - before;
  if (ms > hangMsMax) {
    const { user, system } = process.cpuUsage(used);
    ms = Math.min(ms, (user + system) / 1_000);
  }
  return { outcome, ms, bytes: bytes < 0 ? undefined : bytes };
}

/**
 * Whoever makes the heap take another page is charged for all of it: 256 KiB. Behind a collection
 * that is the same run each time, so each begins elsewhere in the page.
 */
const moveOn = (run: number): unknown => Array.from({ length: run * 1_000 }, () => run);

/** What one execution may take. */
export interface Limits {
  readonly msMax: number;
  readonly bytesMax: number;
}

/** What is slow so often is slow; code that gets hot allocates for a while, run after run. */
const slowRunsMax = 4;
const runsAloneMax = 24;

/**
 * The least time and allocation of runs alone, each behind a garbage collection, until both are
 * within the limits: noise only ever adds. Undefined bytes: it allocates so much that a collection
 * always comes in between.
 */
export async function measureAlone<Outcome>(
  target: FuzzTarget<Outcome>,
  input: Uint8Array,
  { msMax, bytesMax }: Limits,
): Promise<Omit<Measured<Outcome>, 'outcome'>> {
  let [ms, bytes]: [number, number | undefined] = [Infinity, undefined];
  for (let run = 0; run < runsAloneMax; run++) {
    // The first run pays for code that was compiled late or thrown away.
    await target.execute(input);
    collectGarbage();
    moveOn(run);
    const measured = await measure(target, input);
    ms = Math.min(ms, measured.ms);
    if (measured.bytes !== undefined) bytes = Math.min(bytes ?? Infinity, measured.bytes);
    const isSlow = ms > msMax;
    if (isSlow ? run + 1 >= slowRunsMax : bytes !== undefined && bytes <= bytesMax) break;
  }
  return { ms, bytes };
}
