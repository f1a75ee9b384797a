import type { Figure } from './figure.ts';
import type { IngestCase } from './ingest-cases.ts';
import type { LoadResult } from './load/load-tool.ts';
import type { SyncTimes } from './machine.ts';
import { median } from './statistics.ts';

/** One run of the load against one server. */
export interface IngestRun extends LoadResult {
  /** Of the server process while the run was measured. */
  readonly cpuSeconds: number;
}

export interface IngestMeasurement {
  /** Runs by server; `shorelog` is absent where only the baselines were measured. */
  readonly runs: Readonly<Record<string, readonly IngestRun[]>>;
  /** The disk's own fdatasync, measured before each run. */
  readonly syncs: readonly SyncTimes[];
  /** Acknowledgements a second of the bare PUBACK server: what the load tool can drive. */
  readonly drivenPerSecond: number;
  /** Present: the figure is void for this reason. */
  readonly void?: string;
  readonly profile?: Readonly<Record<string, number>>;
}

/** Below it the load tool, not the server, could be what is measured. */
export const drivenPerSecondMin = 1_000_000;

/**
 * The figure of one case: acknowledgements a second, or the 99th percentile of their latency where
 * the case has a rate.
 */
export const ingestFigure = (one: IngestCase, measured: IngestMeasurement): Figure => {
  const { shorelog = [], ...others } = measured.runs;
  const valueOf = (run: IngestRun): number => (one.rate > 0 ? run.ackP99Us : run.perSecond);
  const medianOf = (runs: readonly IngestRun[]): number => median(runs.map(valueOf));
  const values = shorelog.map(valueOf);
  const baselines = mapRuns(others, medianOf);
  const reason = voidReason(measured);
  return {
    figure: one.rate > 0 ? 'ingestAckP99' : 'ingest',
    value: median(values),
    unit: one.rate > 0 ? 'us' : one.qos === 0 ? 'publishes/s' : 'acks/s',
    runs: values,
    ...(reason === undefined ? {} : { void: reason }),
    baselines,
    details: {
      ...one,
      ...(values.length === 0 ? {} : { min: Math.min(...values), max: Math.max(...values) }),
      ...(one.rate > 0 ? {} : { ratios: ratios(median(values), baselines) }),
      ...latencies(shorelog),
      fdatasyncP50Us: Math.round(median(measured.syncs.map((sync) => sync.p50Us))),
      fdatasyncP99Us: Math.round(median(measured.syncs.map((sync) => sync.p99Us))),
      cpuSecondsPerMillion: mapRuns(measured.runs, cpuPerMillion),
      drivenPerSecond: measured.drivenPerSecond,
      ...(measured.profile === undefined ? {} : { profile: measured.profile }),
    },
  };
};

const voidReason = (measured: IngestMeasurement): string | undefined => {
  const { drivenPerSecond } = measured;
  if (measured.void !== undefined) return measured.void;
  if (measured.runs['shorelog'] === undefined) return 'only the baselines were measured';
  if (drivenPerSecond >= drivenPerSecondMin) return undefined;
  return `the load tool drove the bare PUBACK server at only ${drivenPerSecond} a second`;
};

const latencies = (runs: readonly IngestRun[]): Record<string, number> => ({
  ackP50Us: median(runs.map((run) => run.ackP50Us)),
  ackP99Us: median(runs.map((run) => run.ackP99Us)),
  ackP999Us: median(runs.map((run) => run.ackP999Us)),
});

const cpuPerMillion = (runs: readonly IngestRun[]): number =>
  round(
    median(
      runs.map((run) => (run.cpuSeconds * 1_000_000) / Math.max(1, run.perSecond * run.seconds)),
    ),
  );

const ratios = (
  value: number,
  baselines: Readonly<Record<string, number>>,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(baselines).map(([name, base]) => [name, base > 0 ? round(value / base) : 0]),
  );

const mapRuns = (
  runs: Readonly<Record<string, readonly IngestRun[]>>,
  map: (runs: readonly IngestRun[]) => number,
): Record<string, number> =>
  Object.fromEntries(Object.entries(runs).map(([name, list]) => [name, map(list)]));

const round = (value: number): number => Math.round(value * 100) / 100;
