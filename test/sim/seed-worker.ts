import { runSeed } from './run-seed.ts';

/** A process of its own for seeds: one core each. */
process.on('message', ({ seed, minutes }: { seed: number; minutes: number }) => {
  process.send?.(runSeed(seed, minutes));
});
process.on('disconnect', () => process.exit(0));
