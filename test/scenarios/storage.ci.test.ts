/**
 * The fixed life of a node, with every fault at every Disk call in every way, and more than one
 * seed of chance.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CrashMode, DiskCall } from '../fakes/fake-disk.ts';
import type { Fault } from './disk-world.ts';
import { live, trial } from './life-world.ts';
import { fittingCalls } from './sweep-world.ts';

const sweeps: readonly (readonly [Fault['type'], CrashMode, number])[] = [
  ['crash', 'lost', 1],
  ['crash', 'killed', 1],
  ['crash', 'some', 2],
  ['crash', 'torn', 1],
  ['EIO', 'killed', 1],
  ['EIO', 'lost', 1],
  ['EIO', 'some', 1],
  ['ENOSPC', 'killed', 1],
  ['ENOSPC', 'lost', 1],
  ['full', 'torn', 1],
  ['fullThenCrash', 'lost', 1],
];

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterAll(() => void vi.useRealTimers());

describe('the fixed life of a node loses nothing', () => {
  it.each(sweeps)('%s, then %s, with %i seeds', async (type, mode, seeds) => {
    const { world } = await live({ seed: 1 });
    const { trace } = world.disk;
    let [lives, deaths, startsWhileFull] = [0, 0, 0];
    for (let seed = 1; seed <= seeds; seed++) {
      for (let call = 1; call <= trace.length; call++) {
        if (type === 'ENOSPC' && !fittingCalls.has(trace[call - 1] as DiskCall)) continue;
        const lived = await trial({ seed: seed * 10_000 + call, fault: { type, call } }, mode);
        lives++;
        if (lived.death !== undefined) deaths++;
        startsWhileFull += lived.world.counts.startsWhileFull;
      }
    }
    const told = `${lives} lives, ${deaths} deaths, ${startsWhileFull} starts while full`;
    process.stdout.write(`${type}, ${mode}: ${told}\n`);
    if (type === 'fullThenCrash') expect(startsWhileFull).toBeGreaterThan(100);
    if (type === 'full') expect(deaths).toBe(0);
    else expect(deaths).toBeGreaterThan(0);
  });
});
