/**
 * The life of a node on a disk that is too small, with `disk.whenFull: dropOldest` and a forwarder
 * that falls behind (L10, X5): here one fault at some of the calls that each drop makes of the
 * disk, in `drop-oldest.ci.test.ts` every fault at every one. What must hold is in `checkDropped`.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { callsOfDrop, checkDropped, dropTrial, liveDropping } from './drop-life-world.ts';

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterAll(() => void vi.useRealTimers());

const step = 7;

it('drops past the forward offset, and tells of all it drops in every fault', async () => {
  const { world, death } = await liveDropping({ seed: 1 });
  const { dropsBegunAt } = world.counts;
  await checkDropped(world, 'lost');
  expect(death).toBe(undefined);
  expect(world.process.core.view.droppedRecords).toBeGreaterThan(1);
  expect(world.central.gaps.size).toBeGreaterThan(0);
  let deaths = 0;
  for (const begunAt of dropsBegunAt) {
    for (let call = begunAt + 1; call <= begunAt + callsOfDrop; call += step) {
      const type = call % 3 === 0 ? 'EIO' : 'crash';
      const mode = call % 2 === 0 ? 'killed' : 'lost';
      const lived = await dropTrial({ seed: call, fault: { type, call } }, mode);
      if (lived.death !== undefined) deaths++;
    }
  }
  expect(deaths).toBeGreaterThan(0);
});
