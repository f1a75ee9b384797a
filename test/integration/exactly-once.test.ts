import { test } from 'vitest';
import { checkExactlyOnce } from './harness/exactly-once-case.ts';

test(
  'a hundred thousand records reach central once and in order through every fault',
  (context) =>
    checkExactlyOnce(context, {
      records: 100_000,
      recordsPerSecond: 800,
      kills: 2,
      drops: 2,
      fightMs: 12_000,
    }),
  300_000,
);
