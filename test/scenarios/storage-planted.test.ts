/** Mistakes that a node could make with its disk: the fixed life must notice each of them. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CrashMode } from '../fakes/fake-disk.ts';
import type { Fault, Mistake } from './disk-world.ts';
import { live, trial } from './life-world.ts';

/** A record is gone, or its offset answers that it is rotten. */
const loss = /: (extra: )?lost: |: lost \d|: gone: |: Fetch \d+: 56$/;

/** Each mistake, and the fault to look for it with. */
const planted: readonly (readonly [Mistake, Fault['type'], CrashMode])[] = [
  ['acknowledgesBeforeFsync', 'crash', 'lost'],
  ['neverSyncsNames', 'crash', 'lost'],
  ['trustsThePageCache', 'crash', 'killed'],
  ['retriesFailedFsync', 'EIO', 'lost'],
];

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterAll(() => void vi.useRealTimers());

describe('the fixed life notices a node that', { timeout: 120_000 }, () => {
  it.each(planted)('%s', async (mistake, type, mode) => {
    const { world } = await live({ seed: 1 });
    const { trace, paths } = world.disk;
    const found: string[] = [];
    for (let call = 5; call <= trace.length && found.length < 3; call++) {
      const isSync = trace[call - 1] === 'sync' && /sensors.*\.log$/.test(paths[call - 1] ?? '');
      if (type === 'EIO' ? !isSync : call % 7 !== 0) continue;
      try {
        await trial({ seed: call, fault: { type, call }, mistake }, mode);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (loss.test(error.message)) found.push(error.message);
      }
    }
    process.stdout.write(`${mistake}: ${found[0]}\n`);
    expect(found.length).toBe(3);
  });
});
