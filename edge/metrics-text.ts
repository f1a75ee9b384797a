import { assert } from '../src/base/assert.ts';
import type { HistogramSample, MetricSample } from '../src/ports/metric-sample.ts';

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Samples in Prometheus' text format 0.0.4, names with the prefix `shorelog_`, one block for each
 * name.
 */
export function metricsText(samples: readonly MetricSample[]): string {
  const blocks = new Map<string, string[]>();
  for (const sample of samples) {
    assert(/^[a-z][a-z0-9_]*$/.test(sample.name), `metric name ${sample.name}`);
    const name = `shorelog_${sample.name}`;
    const help = sample.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    const block = blocks.get(name) ?? [`# HELP ${name} ${help}`, `# TYPE ${name} ${sample.kind}`];
    if (sample.kind === 'histogram') block.push(...histogramLines(name, sample));
    else block.push(`${name}${labelText(sample.labels ?? {})} ${numberText(sample.value)}`);
    blocks.set(name, block);
  }
  return [...blocks.values()].map((block) => `${block.join('\n')}\n`).join('');
}

function histogramLines(name: string, sample: HistogramSample): string[] {
  const labels = sample.labels ?? {};
  const bucket = (le: string, count: number): string =>
    `${name}_bucket${labelText({ ...labels, le })} ${count}`;
  return [
    ...sample.buckets.map(({ upTo, count }) => bucket(numberText(upTo), count)),
    bucket('+Inf', sample.count),
    `${name}_sum${labelText(labels)} ${numberText(sample.sum)}`,
    `${name}_count${labelText(labels)} ${sample.count}`,
  ];
}

function labelText(labels: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escapeLabel = (value: string | number): string =>
  String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
