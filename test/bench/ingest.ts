import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launchNode } from '../../edge/cli/demo/node-launcher.ts';
import { availableBaselines, startBaseline } from './baselines/baseline-server.ts';
import type { BaselineName, BaselineServer } from './baselines/baseline-server.ts';
import type { Figure } from './figure.ts';
import type { IngestCase } from './ingest-cases.ts';
import { ingestFigure } from './ingest-figure.ts';
import type { IngestRun } from './ingest-figure.ts';
import { buildLoadTool, runLoad } from './load/load-tool.ts';
import type { LoadShape } from './load/load-tool.ts';
import { measureSyncs } from './machine.ts';
import type { SyncTimes } from './machine.ts';
import { CpuMeter } from './process-cost.ts';
import { profileShares } from './profile-shares.ts';
import type { CpuProfile } from './profile-shares.ts';

export interface IngestOptions {
  readonly folder: string;
  readonly runs: number;
  readonly cases: readonly IngestCase[];
  readonly measureMs: number;
  /** Only the baselines, while there is no node. */
  readonly baselinesOnly: boolean;
  /** Takes a CPU profile of a further run of each case. */
  readonly profileFolder: string | undefined;
  /** Present: the figures are void, and why. */
  readonly void: string | undefined;
  readonly say: (text: string) => void;
}

type ServerName = 'shorelog' | BaselineName;

const warmUpMs = 1_000;
const driven = { connections: 10, inFlight: 500, payloadBytes: 64, qos: 1, rate: 0 } as const;

/**
 * Acknowledged publishes of a node, beside servers that store nothing, each a process of its own;
 * one figure for each case.
 */
export async function* measureIngest(options: IngestOptions): AsyncGenerator<Figure> {
  const bench = new IngestBench(options);
  const drivenPerSecond = await bench.drive();
  for (const one of options.cases) {
    const { runs, syncs } = await bench.measure(one);
    const profile = await bench.profile(one);
    yield ingestFigure(one, {
      ...{ runs, syncs, drivenPerSecond },
      ...(profile === undefined ? {} : { profile }),
      ...(options.void === undefined ? {} : { void: options.void }),
    });
  }
}

class IngestBench {
  readonly #options: IngestOptions;
  readonly #tool = buildLoadTool();
  #runs = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  /** What the load tool can do at all. */
  async drive(): Promise<number> {
    const run = await this.#run('barePuback', { ...driven, warmUpMs, measureMs: warmUpMs });
    return run.perSecond;
  }

  async measure(
    one: IngestCase,
  ): Promise<{ runs: Record<string, IngestRun[]>; syncs: SyncTimes[] }> {
    const { folder, runs: count, measureMs, baselinesOnly, say } = this.#options;
    const runs: Record<string, IngestRun[]> = {};
    const syncs: SyncTimes[] = [];
    const names = serversFor(one).filter((name) => !baselinesOnly || name !== 'shorelog');
    // Each run takes every server in turn, so that a slow minute of the machine hits all of them.
    for (let index = 0; index < count; index++) {
      syncs.push(measureSyncs(folder));
      for (const name of names) {
        say(`ingest ${one.name}: ${name}, run ${index + 1} of ${count}`);
        (runs[name] ??= []).push(await this.#run(name, { ...one, warmUpMs, measureMs }));
      }
    }
    return { runs, syncs };
  }

  async profile(one: IngestCase): Promise<Record<string, number> | undefined> {
    const { profileFolder, measureMs, baselinesOnly } = this.#options;
    if (profileFolder === undefined || baselinesOnly) return undefined;
    const folder = resolve(profileFolder, one.name);
    mkdirSync(folder, { recursive: true });
    const execArgs = ['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', folder];
    await this.#run('shorelog', { ...one, warmUpMs, measureMs }, execArgs);
    const newest = readdirSync(folder).toSorted().at(-1) ?? '';
    return profileShares(JSON.parse(readFileSync(join(folder, newest), 'utf8')) as CpuProfile);
  }

  async #run(
    name: ServerName,
    shape: LoadShape,
    execArgs: readonly string[] = [],
  ): Promise<IngestRun> {
    const folder = join(this.#options.folder, `${name}-${this.#runs++}`);
    mkdirSync(folder);
    const server =
      name === 'shorelog' ? await startNode(folder, execArgs) : await startBaseline(name, folder);
    try {
      const loading = runLoad(this.#tool, server.port, shape);
      await Promise.race([delay(shape.warmUpMs), loading]);
      const meter = new CpuMeter({ server: server.pid });
      const load = await loading;
      return { ...load, cpuSeconds: meter.seconds()['server'] ?? 0 };
    } finally {
      await server.stop();
    }
  }
}

/** The bare PUBACK server answers nothing else. */
const serversFor = (one: IngestCase): readonly ServerName[] => [
  'shorelog',
  ...availableBaselines().filter((name) => name !== 'barePuback' || one.qos === 1),
];

const startNode = async (folder: string, execArgs: readonly string[]): Promise<BaselineServer> => {
  const node = await launchNode({ folder, execArgs });
  return { port: node.ports.mqtt, pid: node.pid, stop: () => node.stop() };
};
