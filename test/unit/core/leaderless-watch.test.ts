import { expect, it } from 'vitest';
import { monotonicMs } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { LeaderlessWatch } from '../../../src/core/leaderless-watch.ts';
import type { Partition } from '../../../src/core/partition.ts';

const at = (ms: number) => monotonicMs(ms);

it('is stranded once a partition had no leader for long enough, however often it was tried', () => {
  const watch = new LeaderlessWatch();
  const partition = { leaderId: undefined as number | undefined };
  const changed = (ms: number) => watch.changed(partition as Partition, at(ms));
  changed(100);
  changed(2_000);
  expect(watch.isStranded(at(100 + limits.leaderlessMsMax - 1))).toBe(false);
  expect(watch.isStranded(at(100 + limits.leaderlessMsMax))).toBe(true);
  partition.leaderId = 2;
  changed(5_000);
  expect(watch.isStranded(at(1_000_000))).toBe(false);
  partition.leaderId = undefined;
  changed(6_000);
  watch.removed(partition as Partition);
  expect(watch.isStranded(at(1_000_000))).toBe(false);
});
