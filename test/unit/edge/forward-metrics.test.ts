import { expect, it } from 'vitest';
import { forwardMetrics } from '../../../edge/forward-metrics.ts';
import { offset, uuid } from '../../../src/base/brand.ts';
import type { ForwardState, ForwardStatus } from '../../../src/core/forward/supervision.ts';

const topicId = uuid('00000000-0000-4000-8000-0000000000aa');
const statusOf = (state: ForwardState): ForwardStatus => ({
  ...{ topic: 'sensors', topicId, partition: 3, state, lag: 7, forwardOffset: offset(9) },
});
const valuesOf = (status: ForwardStatus) =>
  Object.fromEntries(forwardMetrics(status).map((sample) => [sample.name, sample]));

it.each([
  ['idle', 0],
  ['waiting', 0],
  ['fenced', 0],
  ['blocked', 1],
  ['stopped', 1],
] as const)('%s: an alarm %i', (state, value) => {
  expect(valuesOf(statusOf(state))['forward_stuck']).toMatchObject({ value });
});

it('says how far it is, as soon as that is known', () => {
  const labels = { topic: 'sensors', partition: 3 };
  expect(valuesOf(statusOf('idle'))).toMatchObject({
    forward_backlog_records: { value: 7, labels },
    forward_offset: { value: 9, labels },
  });
  const unknown = { topic: 'sensors', topicId, partition: 3, state: 'waiting' as const };
  expect(Object.keys(valuesOf(unknown))).toEqual(['forward_stuck']);
});
