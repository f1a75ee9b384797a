import { expect, it } from 'vitest';

import { metricsText } from '../../../edge/metrics-text.ts';
import type { MetricSample } from '../../../src/ports/metric-sample.ts';

const samples: readonly MetricSample[] = [
  { name: 'elections_total', help: 'Elections.', kind: 'counter', value: 3 },
  { name: 'leader', help: 'a\nb\\c', kind: 'gauge', labels: { partition: 0 }, value: 1 },
  {
    name: 'log_fsync_seconds',
    help: 'Time of an fsync.',
    kind: 'histogram',
    labels: { file: 'a"b' },
    buckets: [
      { upTo: 0.001, count: 2 },
      { upTo: 0.01, count: 5 },
    ],
    sum: 0.25,
    count: 6,
  },
  { name: 'leader', help: 'a\nb\\c', kind: 'gauge', labels: { partition: 1 }, value: Infinity },
];

it('writes one block for each name', () => {
  expect(metricsText(samples)).toBe(
    [
      '# HELP shorelog_elections_total Elections.',
      '# TYPE shorelog_elections_total counter',
      'shorelog_elections_total 3',
      '# HELP shorelog_leader a\\nb\\\\c',
      '# TYPE shorelog_leader gauge',
      'shorelog_leader{partition="0"} 1',
      'shorelog_leader{partition="1"} +Inf',
      '# HELP shorelog_log_fsync_seconds Time of an fsync.',
      '# TYPE shorelog_log_fsync_seconds histogram',
      'shorelog_log_fsync_seconds_bucket{file="a\\"b",le="0.001"} 2',
      'shorelog_log_fsync_seconds_bucket{file="a\\"b",le="0.01"} 5',
      'shorelog_log_fsync_seconds_bucket{file="a\\"b",le="+Inf"} 6',
      'shorelog_log_fsync_seconds_sum{file="a\\"b"} 0.25',
      'shorelog_log_fsync_seconds_count{file="a\\"b"} 6',
      '',
    ].join('\n'),
  );
});

it('refuses a name that Prometheus would', () => {
  expect(() => metricsText([{ name: 'a-b', help: '', kind: 'gauge', value: 1 }])).toThrow('a-b');
});
