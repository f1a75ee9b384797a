import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runSeed, type SeedResult } from './run-seed.ts';

export interface SeedsOptions {
  /** Simulated, with faults; for each seed. */
  readonly minutes: number;
  /** Processes; 1: this one. */
  readonly workers: number;
  /** At the first that fails. */
  readonly stops: boolean;
  /** This invariant alone; only with one worker. */
  readonly check?: string | undefined;
  readonly trace?: ((line: string) => void) | undefined;
  readonly done: (result: SeedResult) => void;
}

/** Runs seeds on as many cores as it is given. @returns results, in the order of the seeds. */
export async function runSeeds(
  seeds: readonly number[],
  options: SeedsOptions,
): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  const left = seeds.values();
  const take = (result: SeedResult): void => {
    results.push(result);
    options.done(result);
  };
  const isOver = (): boolean => options.stops && results.some(({ failure }) => failure);
  if (options.workers <= 1) {
    for (const seed of left) {
      take(runSeed(seed, options.minutes, options));
      if (isOver()) break;
    }
  } else {
    const workers = Array.from({ length: Math.min(options.workers, seeds.length) }, async () => {
      await inWorker(left, options.minutes, take, isOver);
    });
    await Promise.all(workers);
  }
  const place = new Map(seeds.map((seed, i) => [seed, i]));
  return results.sort((a, b) => (place.get(a.seed) ?? 0) - (place.get(b.seed) ?? 0));
}

/** One process takes seeds until none is left. */
function inWorker(
  left: Iterator<number>,
  minutes: number,
  take: (result: SeedResult) => void,
  isOver: () => boolean,
): Promise<void> {
  const path = fileURLToPath(new URL('seed-worker.ts', import.meta.url));
  const worker = fork(path, { execArgv: ['--import', 'tsx'] });
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const { value: seed, done } = isOver() ? { value: 0, done: true } : left.next();
      if (done === true) worker.disconnect();
      else worker.send({ seed, minutes });
    };
    worker.on('message', (result) => {
      take(result as SeedResult);
      next();
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with ${code}`));
    });
    next();
  });
}
