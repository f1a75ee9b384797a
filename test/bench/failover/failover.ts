import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { NodeRole } from '../../cluster/test-cluster.ts';
import type { Figure } from '../figure.ts';
import { median, quantile } from '../statistics.ts';
import { runFailoverCase } from './failover-case.ts';
import type { FailoverCase, FailoverSample } from './failover-case.ts';
import type { Victim } from './turns.ts';

export interface FailoverOptions {
  readonly folder: string;
  /** Of each case. */
  readonly kills: number;
  /** Empty: all. */
  readonly victims: readonly string[];
  readonly partitions: readonly number[];
  readonly say: (text: string) => void;
}

const replicaLagTimeMaxMs = 1_000;
const three: readonly NodeRole[] = ['data', 'data', 'data'];
const two: readonly NodeRole[] = ['data', 'data', 'witness'];

const victims: Readonly<Record<Victim, readonly NodeRole[]>> = {
  leader: three,
  follower: three,
  plannedStop: three,
  witness: two,
};

/**
 * How long publishers wait when a node goes, one figure for each victim and number of partitions:
 * of a leader that is killed the time from SIGKILL to the first new PUBACK of what it led, of one
 * that is stopped the longest wait of any publisher to what it led, of others that of any other
 * publisher. Publishers go to the next node as soon as their connection falls.
 */
export async function* measureFailover(options: FailoverOptions): AsyncGenerator<Figure> {
  for (const victim of chosen(options.victims)) {
    for (const partitions of options.partitions) {
      const one = { victim, partitions, roles: victims[victim], kills: options.kills };
      const folder = join(options.folder, `${victim}-${partitions}`);
      const whole: FailoverCase = { ...one, replicaLagTimeMaxMs };
      yield figureOf(whole, await runFailoverCase(folder, whole, options.say));
    }
  }
}

const chosen = (names: readonly string[]): readonly Victim[] => {
  const all = Object.keys(victims) as Victim[];
  const unknown = names.find((name) => !all.includes(name as Victim));
  if (unknown !== undefined) throw new Error(`--victims: ${unknown} is none of ${all.join(', ')}`);
  return names.length === 0 ? all : all.filter((victim) => names.includes(victim));
};

const figureOf = (one: FailoverCase, samples: readonly FailoverSample[]): Figure => {
  const { victim, partitions, kills, roles } = one;
  const of = (pick: (sample: FailoverSample) => number): number[] =>
    samples.map(pick).filter((ms) => ms >= 0);
  const led = { firstMs: of((s) => s.firstMs), allMs: of((s) => s.allMs) };
  const stalls = {
    ledStallMs: of((s) => s.ledStallMs),
    otherStallMs: of((s) => s.otherStallMs),
  };
  const main =
    victim === 'leader'
      ? led.firstMs
      : victim === 'plannedStop'
        ? stalls.ledStallMs
        : stalls.otherStallMs;
  return {
    figure: `failover of ${victim}`,
    value: Math.round(quantile(main, 0.99)),
    unit: 'ms, 99th percentile',
    runs: main.map(Math.round),
    baselines: { pubackBeforeMs: Math.round(median(samples.map((s) => s.calmMs))) },
    details: {
      ...{ victim, partitions, kills, nodes: roles.join(' '), replicaLagTimeMaxMs },
      // This bench's own nodes and probes add about one to it.
      loadAverage: Number((loadavg()[0] ?? 0).toFixed(1)),
      ...Object.fromEntries(
        Object.entries({ ...led, ...stalls }).map(([name, ms]) => [name, statistics(ms)]),
      ),
    },
  };
};

const statistics = (ms: readonly number[]): Record<string, number> => ({
  p50: Math.round(quantile(ms, 0.5)),
  p99: Math.round(quantile(ms, 0.99)),
  max: Math.round(Math.max(0, ...ms)),
});
