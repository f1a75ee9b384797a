import type { ForwardStatus } from '../src/core/forward/supervision.ts';
import type { MetricSample } from '../src/ports/metric-sample.ts';
import { metric } from './metric.ts';

/** Of one partition that is forwarded from here: how far it is, and whether somebody must help. */
export function forwardMetrics(status: ForwardStatus): MetricSample[] {
  const { topic, partition, state, lag, forwardOffset } = status;
  const labels = { topic, partition };
  const gauge = (name: string, help: string, value: number): MetricSample =>
    metric.gauge(name, help, value, labels);
  const isStuck = state === 'blocked' || state === 'stopped';
  return [
    gauge('forward_stuck', '1 while it is blocked or stopped: an alarm (X5).', isStuck ? 1 : 0),
    ...(lag === undefined ? [] : [gauge('forward_backlog_records', 'Offsets to forward.', lag)]),
    ...(forwardOffset === undefined
      ? []
      : [gauge('forward_offset', 'Next to forward.', forwardOffset)]),
  ];
}
