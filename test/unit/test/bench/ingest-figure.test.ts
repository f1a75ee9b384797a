import { expect, test } from 'vitest';
import { customCase } from '../../../bench/ingest-cases.ts';
import { drivenPerSecondMin, ingestFigure } from '../../../bench/ingest-figure.ts';
import type { IngestMeasurement, IngestRun } from '../../../bench/ingest-figure.ts';

const run = (perSecond: number): IngestRun => ({
  ...{ acked: 1, sent: 1, seconds: 2, perSecond, cpuSeconds: perSecond / 200_000 },
  ...{ ackP50Us: 10, ackP99Us: perSecond / 10, ackP999Us: 30 },
});

const measured = (overrides: Partial<IngestMeasurement> = {}): IngestMeasurement => ({
  runs: { shorelog: [run(100), run(300), run(200)], bareAedes: [run(400), run(100), run(250)] },
  syncs: [{ p50Us: 200.4, p99Us: 900 }],
  drivenPerSecond: drivenPerSecondMin,
  ...overrides,
});

test('the median with its ends, beside the baselines of the same run', () => {
  const figure = ingestFigure(customCase({}), measured());
  expect(figure).toMatchObject({
    ...{ figure: 'ingest', value: 200, unit: 'acks/s', runs: [100, 300, 200] },
    baselines: { bareAedes: 250 },
    details: {
      ...{ min: 100, max: 300, ratios: { bareAedes: 0.8 }, fdatasyncP50Us: 200 },
      cpuSecondsPerMillion: { shorelog: 2.5, bareAedes: 2.5 },
    },
  });
  expect(figure.void).toBeUndefined();
});

test('with a rate, the figure is the 99th percentile of the acknowledgements', () => {
  const figure = ingestFigure(customCase({ rate: 10_000 }), measured());
  expect(figure).toMatchObject({ figure: 'ingestAckP99', value: 20, unit: 'us' });
  expect(figure.details).not.toHaveProperty('ratios');
});

test('void: without a node, where the load tool is too slow, and where the caller says so', () => {
  const { bareAedes = [] } = measured().runs;
  const voidOf = (overrides: Partial<IngestMeasurement>): string | undefined =>
    ingestFigure(customCase({}), measured(overrides)).void;
  expect(voidOf({ runs: { bareAedes } })).toMatch(/only the baselines/);
  expect(voidOf({ drivenPerSecond: drivenPerSecondMin - 1 })).toMatch(/at only 999999 a second/);
  expect(voidOf({ void: 'too short' })).toBe('too short');
});
