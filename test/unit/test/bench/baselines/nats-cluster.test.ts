import { expect, it } from 'vitest';
import { canSyncAlways } from '../../../../bench/baselines/nats-cluster.ts';

it.each([
  ['2.9.10', false],
  ['2.10.0', true],
  ['3.0.1', true],
])('NATS %s: sync_interval: always %s', (version, expected) => {
  expect(canSyncAlways(version)).toBe(expected);
});
