import type { MetricSample } from '../src/ports/metric-sample.ts';

type Labels = Readonly<Record<string, string | number>>;

/** A value that goes up and down. */
const gauge = (name: string, help: string, value: number, labels: Labels = {}): MetricSample => ({
  name,
  help,
  kind: 'gauge',
  labels,
  value,
});

/** A count since the start; its name ends with `_total`. */
const counter = (name: string, help: string, value: number, labels: Labels = {}): MetricSample => ({
  name,
  help,
  kind: 'counter',
  labels,
  value,
});

/** Makes samples without a histogram. */
export const metric = { gauge, counter };
