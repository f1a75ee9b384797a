import type { MetricSample } from '../src/ports/metric-sample.ts';

type Labels = Readonly<Record<string, string | number>>;

/** A value that goes up and down. */
export const gauge = (
  name: string,
  help: string,
  value: number,
  labels: Labels = {},
): MetricSample => ({ name, help, kind: 'gauge', labels, value });

/** A count since the start; its name ends with `_total`. */
export const counter = (
  name: string,
  help: string,
  value: number,
  labels: Labels = {},
): MetricSample => ({ name, help, kind: 'counter', labels, value });
