import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchNode } from '../../edge/cli/demo/node-launcher.ts';
import { availableBaselines, startBaseline } from './baselines/baseline-server.ts';
import type { BaselineServer } from './baselines/baseline-server.ts';
import type { Figure } from './figure.ts';
import { buildLoadTool, runLoad } from './load/load-tool.ts';
import type { LoadResult, LoadShape } from './load/load-tool.ts';
import { median } from './statistics.ts';

export interface IngestOptions {
  readonly folder: string;
  readonly runs: number;
  readonly shape: LoadShape;
  /** Only the baselines, while there is no node. */
  readonly baselinesOnly: boolean;
  readonly say: (text: string) => void;
}

/** Below it the load tool, not the server, could be what is measured. */
const barePubackPerSecondMin = 1_000_000;

/**
 * Acknowledged publishes per second of a node, beside servers that store nothing, each a process of
 * its own.
 */
export const measureIngest = async (options: IngestOptions): Promise<Figure> => {
  const tool = buildLoadTool();
  const results: Record<string, LoadResult[]> = {};
  const names = options.baselinesOnly
    ? availableBaselines()
    : (['shorelog', ...availableBaselines()] as const);
  // Each run takes every server in turn, so that a slow minute of the machine hits all of them.
  for (let run = 0; run < options.runs; run += 1) {
    for (const name of names) {
      options.say(`ingest: ${name}, run ${run + 1} of ${options.runs}`);
      const folder = join(options.folder, `${name}-${run}-${options.shape.inFlight}`);
      mkdirSync(folder);
      const server =
        name === 'shorelog' ? await startNode(folder) : await startBaseline(name, folder);
      try {
        (results[name] ??= []).push(await runLoad(tool, server.port, options.shape));
      } finally {
        await server.stop();
      }
    }
  }
  return figureOf(options, results);
};

const startNode = async (folder: string): Promise<BaselineServer> => {
  const node = await launchNode({ folder });
  return { port: node.ports.mqtt, stop: () => node.stop() };
};

const figureOf = (options: IngestOptions, results: Record<string, LoadResult[]>): Figure => {
  const perSecond = (name: string): number[] => (results[name] ?? []).map((run) => run.perSecond);
  const { shorelog = [], ...baselines } = results;
  const bare = median(perSecond('barePuback'));
  const reason =
    bare < barePubackPerSecondMin
      ? `the load tool drove the bare PUBACK server at only ${bare} a second`
      : options.baselinesOnly
        ? 'only the baselines were measured'
        : undefined;
  const { connections, inFlight, payloadBytes, qos } = options.shape;
  return {
    figure: 'ingest',
    value: median(shorelog.map((run) => run.perSecond)),
    unit: qos === 1 ? 'acks/s' : 'publishes/s',
    runs: perSecond('shorelog'),
    ...(reason === undefined ? {} : { void: reason }),
    baselines: Object.fromEntries(
      Object.keys(baselines).map((name) => [name, median(perSecond(name))]),
    ),
    details: {
      connections,
      inFlight,
      payloadBytes,
      qos,
      ackP50Us: median(shorelog.map((run) => run.ackP50Us)),
      ackP99Us: median(shorelog.map((run) => run.ackP99Us)),
    },
  };
};
