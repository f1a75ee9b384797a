/** The life of a node that drops the oldest, with every fault at every Disk call of its drops. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CrashMode, DiskCall } from '../fakes/fake-disk.ts';
import type { Fault } from './disk-world.ts';
import { callsOfDrop, dropTrial, liveDropping } from './drop-life-world.ts';
import { fittingCalls } from './sweep-world.ts';

const sweeps: readonly (readonly [Fault['type'], CrashMode])[] = [
  ['crash', 'lost'],
  ['crash', 'killed'],
  ['crash', 'some'],
  ['crash', 'torn'],
  ['EIO', 'killed'],
  ['EIO', 'lost'],
  ['ENOSPC', 'lost'],
  ['full', 'lost'],
];

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterAll(() => void vi.useRealTimers());

describe('a node that drops the oldest tells of all it drops', () => {
  it.each(sweeps)('%s, then %s', async (type, mode) => {
    const { world } = await liveDropping({ seed: 1 });
    const { trace } = world.disk;
    let [lives, deaths] = [0, 0];
    for (const begunAt of world.counts.dropsBegunAt) {
      for (let call = begunAt - 3; call <= begunAt + callsOfDrop; call++) {
        if (type === 'ENOSPC' && !fittingCalls.has(trace[call - 1] as DiskCall)) continue;
        const lived = await dropTrial({ seed: call, fault: { type, call } }, mode);
        lives++;
        if (lived.death !== undefined) deaths++;
      }
    }
    process.stdout.write(`${type}, ${mode}: ${lives} lives, ${deaths} deaths\n`);
    expect(lives).toBeGreaterThan(10);
    if (type === 'crash') expect(deaths).toBe(lives);
  });
});
