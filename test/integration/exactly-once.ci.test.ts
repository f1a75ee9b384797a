import { test } from 'vitest';
import { checkExactlyOnce } from './harness/exactly-once-case.ts';

test('a million records reach central once and in order through every fault', (context) =>
  checkExactlyOnce(context, {
    records: 1_000_000,
    recordsPerSecond: 3_500,
    kills: 6,
    drops: 6,
    fightMs: 30_000,
  }));
