import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LoopbackNetwork } from '../cluster/network/loopback-network.ts';
import { idsOf, TestCluster } from '../cluster/test-cluster.ts';
import type { NodeRole } from '../cluster/test-cluster.ts';
import { canSyncAlways, natsVersion, startNats } from './baselines/nats-cluster.ts';
import type { NatsOptions } from './baselines/nats-cluster.ts';
import type { Figure } from './figure.ts';
import { buildLoadTool, runLoad, runNatsLoad } from './load/load-tool.ts';
import type { LoadResult } from './load/load-tool.ts';
import { measureSyncs } from './machine.ts';
import { CpuMeter } from './process-cost.ts';
import { median } from './statistics.ts';

export interface ReplicateOptions {
  readonly folder: string;
  readonly runs: number;
  /** Of each load; one figure for each. */
  readonly inFlight: readonly number[];
  readonly connections: number;
  readonly payloadBytes: number;
  readonly partitions: number;
  readonly measureMs: number;
  /** NATS server programs to measure beside it. */
  readonly natsPrograms: readonly string[];
  /** Without three nodes: to see what there is to beat. */
  readonly baselinesOnly: boolean;
  readonly say: (text: string) => void;
}

interface ReplicateRun extends LoadResult {
  readonly leaderCpu: number;
  /** Of one follower, the mean; 0 without any. */
  readonly followerCpu: number;
}

type Contender = {
  readonly name: string;
  run(folder: string, inFlight: number): Promise<ReplicateRun>;
};

const warmUpMs = 2_000;

/**
 * Acknowledged records a second of three nodes, beside one node and beside NATS with a file stream
 * of three replicas, in turn on this machine. NATS' clients speak its own protocol to the stream's
 * leader; ours speak MQTT at QoS 1 to the first partition's.
 */
export async function* measureReplicate(options: ReplicateOptions): AsyncGenerator<Figure> {
  const contenders = [...shorelogs(options), ...options.natsPrograms.flatMap(natsOf(options))];
  for (const inFlight of options.inFlight) {
    const runs = new Map<string, ReplicateRun[]>();
    const syncs: number[] = [];
    for (let index = 0; index < options.runs; index++) {
      syncs.push(measureSyncs(options.folder).p50Us);
      for (const { name, run } of contenders) {
        options.say(`replicate, ${inFlight} in flight: ${name}, run ${index + 1}`);
        const folder = join(options.folder, `${name}-${inFlight}-${index}`);
        mkdirSync(folder);
        const done = await run(folder, inFlight);
        runs.set(name, [...(runs.get(name) ?? []), done]);
      }
    }
    yield figureOf(options, inFlight, { runs, syncs });
  }
}

const shorelogs = (options: ReplicateOptions): Contender[] =>
  (options.baselinesOnly ? [1] : [3, 1]).map((nodes) => ({
    name: nodes === 1 ? 'oneNode' : 'shorelog',
    run: (folder, inFlight) => runShorelog(options, { folder, inFlight, nodes }),
  }));

const natsOf =
  (options: ReplicateOptions) =>
  (program: string): Contender[] => {
    const version = natsVersion(program);
    const one = (name: string, rest: Pick<NatsOptions, 'servers' | 'syncInterval'>): Contender => ({
      name,
      run: (folder, inFlight) => runNats(options, inFlight, { program, folder, ...rest }),
    });
    return [
      one(`nats ${version} R3`, { servers: 3 }),
      ...(canSyncAlways(version)
        ? [one(`nats ${version} R3 always`, { servers: 3, syncInterval: 'always' })]
        : []),
    ];
  };

const runShorelog = async (
  options: ReplicateOptions,
  { folder, inFlight, nodes }: { folder: string; inFlight: number; nodes: number },
): Promise<ReplicateRun> => {
  const { connections, payloadBytes, partitions, measureMs } = options;
  const roles: NodeRole[] = Array.from({ length: nodes }, () => 'data');
  const network = await LoopbackNetwork.open(idsOf(roles), 'nobody cuts links here');
  const config = { topics: [{ name: 'sensors', partitions }] };
  const cluster = await TestCluster.prepare({ folder, roles, network, config });
  try {
    await cluster.start();
    await cluster.untilSettled();
    const leader = await cluster.leaderOf('sensors', 0);
    if (leader === undefined) throw new Error('nobody leads');
    const shape = { connections, inFlight, payloadBytes, qos: 1, rate: 0 } as const;
    const { mqtt } = cluster.node(leader).place.ports;
    const pidOf = (id: number): number => cluster.node(id).process.pid;
    const followers = idsOf(roles).filter((id) => id !== leader);
    return await metered({ leader: pidOf(leader), followers: followers.map(pidOf) }, () =>
      runLoad(buildLoadTool(), mqtt, { ...shape, warmUpMs, measureMs }),
    );
  } finally {
    await cluster.kill();
  }
};

const runNats = async (
  { connections, payloadBytes, measureMs }: ReplicateOptions,
  inFlight: number,
  nats: NatsOptions,
): Promise<ReplicateRun> => {
  const cluster = await startNats(nats);
  try {
    const { leaderPid: leader, followerPids: followers } = cluster;
    const shape = { connections, inFlight, payloadBytes, warmUpMs, measureMs };
    return await metered({ leader, followers }, () =>
      runNatsLoad(buildLoadTool('nats-load'), cluster, shape),
    );
  } finally {
    await cluster.stop();
  }
};

/** CPU is taken over the whole load with its warming up, and so are the records that share it. */
const metered = async (
  { leader, followers }: { readonly leader: number; readonly followers: readonly number[] },
  load: () => Promise<LoadResult>,
): Promise<ReplicateRun> => {
  const meter = new CpuMeter({
    leader,
    ...Object.fromEntries(followers.map((pid, index) => [`follower${index}`, pid])),
  });
  const result = await load();
  const { leader: leaderCpu = 0, ...others } = meter.seconds();
  const followerCpu =
    Object.values(others).reduce((sum, seconds) => sum + seconds, 0) /
    Math.max(1, followers.length);
  return { ...result, leaderCpu, followerCpu };
};

const figureOf = (
  { connections, payloadBytes, partitions, measureMs }: ReplicateOptions,
  inFlight: number,
  measured: {
    readonly runs: ReadonlyMap<string, readonly ReplicateRun[]>;
    readonly syncs: readonly number[];
  },
): Figure => {
  const medians = mapRuns(measured.runs, (run) => run.perSecond);
  const { shorelog = 0, ...baselines } = medians;
  const scale = (measureMs + warmUpMs) / measureMs;
  const perMillion = (seconds: number, run: ReplicateRun): number =>
    Math.round((seconds * 1e8) / Math.max(1, run.acked * scale)) / 100;
  const hasNats = Object.keys(baselines).some((name) => name.startsWith('nats'));
  const reason = !measured.runs.has('shorelog')
    ? 'only the baselines were measured'
    : hasNats
      ? undefined
      : 'no nats-server was measured beside it: --nats PATH';
  return {
    figure: 'replicate',
    value: shorelog,
    unit: 'acks/s',
    runs: (measured.runs.get('shorelog') ?? []).map((run) => run.perSecond),
    ...(reason === undefined ? {} : { void: reason }),
    baselines,
    details: {
      ...{ connections, inFlight, payloadBytes, partitions },
      leaderCpuSecondsPerMillion: mapRuns(measured.runs, (run) => perMillion(run.leaderCpu, run)),
      followerCpuSecondsPerMillion: mapRuns(measured.runs, (run) =>
        perMillion(run.followerCpu, run),
      ),
      ackP50Us: mapRuns(measured.runs, (run) => run.ackP50Us),
      ackP99Us: mapRuns(measured.runs, (run) => run.ackP99Us),
      fdatasyncP50Us: Math.round(median(measured.syncs)),
    },
  };
};

const mapRuns = (
  runs: ReadonlyMap<string, readonly ReplicateRun[]>,
  of: (run: ReplicateRun) => number,
): Record<string, number> =>
  Object.fromEntries([...runs].map(([name, list]) => [name, median(list.map(of))]));
