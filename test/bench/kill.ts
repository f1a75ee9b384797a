import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { launchNode } from '../../edge/cli/demo/node-launcher.ts';
import { runKills } from '../integration/harness/kill-run.ts';
import type { KillReport } from '../integration/harness/kill-run.ts';
import type { Figure } from './figure.ts';
import { quantile } from './statistics.ts';

export interface KillOptions {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}

/** Then a new directory: the log is read whole at the end, and held against what was promised. */
const killsPerDirectory = 20;

/**
 * What SIGKILL and power cuts take from a node under load. The value is what must not be: records
 * that were acknowledged and are gone, doubled, out of order or never sent.
 */
export const measureKills = async (options: KillOptions): Promise<Figure> => {
  const firstStartMs = await startMsOnEmptyDisk(join(options.folder, 'empty'));
  const reports: KillReport[] = [];
  for (let done = 0; done < options.kills; done += killsPerDirectory) {
    const kills = Math.min(killsPerDirectory, options.kills - done);
    const report = await killsInOneDirectory(options, done, kills);
    reports.push(report);
    const { pubacks, produceAnswers, recoveriesMs } = report;
    options.say(
      `kill: ${done + kills} of ${options.kills}, ${pubacks} PUBACKs, ${produceAnswers} Produce ` +
        `answers, ${faultsOf(report)} at fault, starts up to ${Math.max(...recoveriesMs)} ms`,
    );
  }
  const starts = reports.flatMap((report) => report.recoveriesMs);
  const inFlight = reports.flatMap((report) => report.inFlightAtKill);
  return {
    figure: 'kill',
    value: sum(reports, faultsOf),
    unit: 'acknowledged records lost, doubled or displaced',
    runs: reports.map(faultsOf),
    baselines: {},
    details: {
      seed: options.seed,
      kills: sum(reports, (report) => report.kills),
      inRolls: sum(reports, (report) => report.rolls),
      inRecoveries: sum(reports, (report) => report.recoveries),
      inFlightAtKill: { min: Math.min(...inFlight), max: Math.max(...inFlight) },
      unsyncedBytesCut: sum(reports, (report) => report.unsyncedBytesCut),
      acknowledged: sum(reports, (report) => report.pubacks + report.produceAnswers),
      inLog: sum(reports, (report) => report.account.records),
      lost: sum(reports, (report) => report.account.lost.length),
      doubled: sum(reports, (report) => report.account.duplicates.length),
      recoveryMs: {
        count: starts.length,
        p50: quantile(starts, 0.5),
        p99: quantile(starts, 0.99),
        max: Math.max(...starts),
        onEmptyDisk: firstStartMs,
      },
    },
  };
};

const killsInOneDirectory = async (
  { folder: parent, seed }: KillOptions,
  done: number,
  kills: number,
): Promise<KillReport> => {
  const folder = join(parent, `kill-${done}`);
  mkdirSync(folder);
  try {
    return await runKills({ folder, kills, seed: seed + done });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
};

const faultsOf = ({ account, misplacedAcks, failure }: KillReport): number =>
  account.lost.length +
  account.duplicates.length +
  account.foreign.length +
  account.misordered.length +
  account.offsetsFallen +
  misplacedAcks +
  (failure === undefined ? 0 : 1);

const startMsOnEmptyDisk = async (folder: string): Promise<number> => {
  const begin = Date.now();
  const node = await launchNode({ folder });
  const tookMs = Date.now() - begin;
  await node.stop();
  return tookMs;
};

const sum = (reports: readonly KillReport[], of: (report: KillReport) => number): number =>
  reports.reduce((total, report) => total + of(report), 0);
